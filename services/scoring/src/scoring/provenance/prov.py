"""A snapshot as a PROV document: what was used, by which run, with which plan, and who signed.

Source: W3C PROV-DM (2013) in the PROV-JSON serialisation (W3C member submission of 24 April 2013).
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

__all__ = ["prov_json"]

NAMESPACE: Final = "urn:gongping:"
_REVISION: Final = {"$": "prov:Revision", "type": "prov:QUALIFIED_NAME"}

Json = dict[str, Any]


class _Document:
    """The sections of a PROV-JSON document; relations get blank names in the order in which they are stated."""

    def __init__(self) -> None:
        self.sections: dict[str, Json] = {}
        self._relations = 0

    def node(self, section: str, name: str, **attributes: object) -> str:
        """State an entity, activity or agent once; returns its name."""
        found = self.sections.setdefault(section, {}).setdefault(name, {})
        found.update({_attribute(key): value for key, value in attributes.items() if value is not None})
        return name

    def relation(self, section: str, **members: object) -> None:
        """State a relation; the members are those of PROV-JSON without their prefix."""
        self._relations += 1
        stated = {_attribute(key): value for key, value in members.items() if value is not None}
        self.sections.setdefault(section, {})[f"_:r{self._relations}"] = stated


def prov_json(snapshot: Mapping[str, Any]) -> Json:
    """The PROV-JSON document of a snapshot.

    Entities: the row, its framework (the plan), every item of evidence with the document that it rests on, the
    uncertainty record, determinations. Activities: the scoring run, each signing. Agents: the software, who stated
    evidence, who signed.
    """
    document = _Document()
    score, framework = snapshot["score"], snapshot["framework"]
    result = score["content"]["result"]
    plan = document.node(
        "entity",
        f"gp:framework.{framework['hash']}",
        prov_type=[_name("prov:Plan"), _name("gp:Framework")],
        prov_label=f"{framework['id']} {framework['version']}",
    )
    row = document.node(
        "entity",
        f"gp:row.{score['chain_hash']}",
        prov_type=_name("gp:ScoreRow"),
        gp_contentHash=score["content_hash"],
        gp_contract=snapshot["contract"]["id"],
        gp_framework=framework["id"],
        gp_version=score["version"],
        gp_stage=result["stage"],
        gp_score=result["score"],
        gp_grade=result["grade"],
        gp_simulated=snapshot["contract"]["simulated"],
    )
    run = document.node(
        "activity",
        f"gp:run.{score['chain_hash']}",
        prov_type=_name("gp:ScoringRun"),
        prov_endTime=score["recorded_at"],
        gp_algorithm=score["content"]["algorithm"],
    )
    software = document.node(
        "agent",
        "gp:software.gongping-scoring",
        prov_type=_name("prov:SoftwareAgent"),
        **{f"gp_{name.replace('-', '_')}": number for name, number in snapshot["software"].items()},
    )
    document.relation("wasAssociatedWith", prov_activity=run, prov_agent=software, prov_plan=plan)
    document.relation("used", prov_activity=run, prov_entity=plan)
    document.relation("wasGeneratedBy", prov_entity=row, prov_activity=run, prov_time=score["recorded_at"])
    document.relation("wasAttributedTo", prov_entity=row, prov_agent=software)
    if score["previous_hash"] is not None:
        before = document.node("entity", f"gp:row.{score['previous_hash']}", prov_type=_name("gp:ScoreRow"))
        _revises(document, row, before)
    named = {(item, digest) for item, digest in score["content"]["evidence"]}
    for item in snapshot["evidence"]:
        entity = _evidence(document, item)
        document.relation("used", prov_activity=run, prov_entity=entity)
        if (item["id"], item["sha256"]) in named:
            document.relation("wasDerivedFrom", prov_generatedEntity=row, prov_usedEntity=entity, prov_activity=run)
    if snapshot["uncertainty"] is not None:
        record = document.node(
            "entity",
            f"gp:uncertainty.{snapshot['uncertainty']['record_hash']}",
            prov_type=_name("gp:UncertaintyRecord"),
            gp_label=snapshot["uncertainty"]["label"],
        )
        document.relation("wasDerivedFrom", prov_generatedEntity=record, prov_usedEntity=row)
    for made in snapshot["determinations"]:
        _determination(document, made, row=row)
    prefixes = {"gp": NAMESPACE, "xsd": "http://www.w3.org/2001/XMLSchema#", "prov": "http://www.w3.org/ns/prov#"}
    return {"prefix": prefixes, **document.sections}


def _evidence(document: _Document, item: Mapping[str, Any]) -> str:
    body = item["body"]
    entity = document.node(
        "entity",
        f"gp:evidence.{item['sha256']}",
        prov_type=_name(f"gp:{item['kind']}"),
        gp_id=item["id"],
        gp_measure=body.get("measure"),
        gp_quality=body.get("quality"),
    )
    if author := body.get("by"):
        agent = document.node("agent", _agent(author), prov_type=_name("gp:Recorder"))
        document.relation("wasAttributedTo", prov_entity=entity, prov_agent=agent)
    if source := body.get("document"):
        original = document.node(
            "entity", f"gp:document.{source['sha256']}", prov_type=_name("gp:Document"), prov_label=source["title"]
        )
        document.relation("wasDerivedFrom", prov_generatedEntity=entity, prov_usedEntity=original)
    return entity


def _determination(document: _Document, made: Mapping[str, Any], *, row: str) -> None:
    entity = document.node(
        "entity",
        f"gp:determination.{made['id']}",
        prov_type=_name("gp:Determination"),
        prov_label=made["document_number"],
        gp_grade=made["grade"],
        gp_label=made["label"],
    )
    signing = document.node(
        "activity", f"gp:signing.{made['id']}", prov_type=_name("gp:Signing"), prov_endTime=made["issued_at"]
    )
    signer = document.node("agent", _agent(made["signed_by"]), prov_type=_name("gp:Signer"))
    document.relation("used", prov_activity=signing, prov_entity=row)
    document.relation("wasGeneratedBy", prov_entity=entity, prov_activity=signing, prov_time=made["issued_at"])
    document.relation("wasAssociatedWith", prov_activity=signing, prov_agent=signer)
    document.relation("wasDerivedFrom", prov_generatedEntity=entity, prov_usedEntity=row)
    if made["replaces"] is not None:
        old = document.node("entity", f"gp:determination.{made['replaces']}", prov_type=_name("gp:Determination"))
        _revises(document, entity, old)
        document.relation("wasInvalidatedBy", prov_entity=old, prov_activity=signing, prov_time=made["issued_at"])


def _revises(document: _Document, newer: str, older: str) -> None:
    document.relation("wasDerivedFrom", prov_generatedEntity=newer, prov_usedEntity=older, prov_type=_REVISION)


def _agent(subject: str) -> str:
    """The name of a person or machine client; characters that a name may not have are percent-encoded."""
    return f"gp:agent.{quote(subject, safe='-._~')}"


def _attribute(key: str) -> str:
    prefix, _, name = key.partition("_")
    return f"{prefix}:{name}"


def _name(qualified: str) -> Json:
    return {"$": qualified, "type": "prov:QUALIFIED_NAME"}
