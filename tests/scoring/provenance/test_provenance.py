"""A snapshot holds all that a recomputation needs; it says equal, or what differs."""

import asyncio
import copy
import io
import json
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.scoring.cases import CONTRACT, complete_history, entry
from tests.scoring.conftest import QUESTIONS, SELF, Scoring
from tests.scoring.evidence.test_statements import MANUAL
from tests.scoring.frameworks.framework_drafts import OWN, bring_into_force, own_document

from scoring.canonical import sha256
from scoring.provenance.command import verify_score
from scoring.provenance.crate import crate
from scoring.provenance.document import evidence_hash, seal_of
from scoring.provenance.prov import prov_json
from scoring.provenance.verification import NotASnapshotError, verify
from scoring.scores.rescore import SCORE_JOB
from shared import clock
from shared.jobs import Worker

Json = dict[str, Any]


async def exported(scoring: Scoring) -> Json:
    """A determined row that is no longer the newest, with its uncertainty record."""
    await scoring.hear(*complete_history())
    made = (await scoring.determine(CONTRACT)).json()
    await scoring.hear(entry(9, "deduction", amount=6_000))
    path, version = f"/v1/scores/{CONTRACT}/snapshot", str(made["score_version"])
    snapshot: Json = await scoring.get(path, framework_id=SELF, version=version)
    return snapshot


@pytest.fixture
async def snapshot(scoring: Scoring) -> Json:
    return await exported(scoring)


async def test_exports_are_recomputed_and_described(scoring: Scoring) -> None:
    snapshot = await exported(scoring)
    # Through text and back, as a file goes.
    assert verify(json.loads(json.dumps(snapshot))) == []
    (made,) = (await scoring.get("/v1/determinations"))["items"]
    assert snapshot["score"]["content_hash"] == made["content_hash"]
    assert [each["id"] for each in snapshot["determinations"]] == [made["id"]]
    assert snapshot["uncertainty"]["record_hash"] == made["uncertainty_hash"]
    path = f"/v1/scores/{CONTRACT}"
    newest = await scoring.get(f"{path}/snapshot", framework_id=SELF)
    assert newest["score"]["previous_hash"] == snapshot["score"]["chain_hash"]
    assert (newest["determinations"], verify(newest)) == ([], [])
    other = await scoring.get(f"{path}/snapshot", framework_id=QUESTIONS)
    assert verify(other) == []
    assert await scoring.get(f"{path}/provenance", framework_id=SELF, version=str(snapshot["score"]["version"]))
    packed = await scoring.client.as_("auditor").get(
        f"{path}/provenance", params={"framework_id": SELF, "format": "ro-crate"}
    )
    assert (packed.status_code, packed.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert verify(json.loads(archive.read("snapshot.json"))) == []
    missing = await scoring.client.as_("auditor").get(f"{path}/snapshot", params={"framework_id": SELF, "version": 99})
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/score-not-found")

    check_forgeries(snapshot)
    check_prov(snapshot)
    check_crate(snapshot)


def forged(snapshot: Json, forge: Callable[[Json], None], *, sealed: bool = True) -> list[str]:
    """What a changed copy is caught at; a careful forger makes the seal again."""
    copied = copy.deepcopy(snapshot)
    forge(copied)
    if sealed:
        copied["sha256"] = seal_of(copied)
    return [difference.what for difference in verify(copied)]


def check_forgeries(snapshot: Json) -> None:
    result = snapshot["score"]["content"]["result"]

    def raise_score(copied: Json) -> None:
        copied["score"]["content"]["result"]["score"] = "99.000000"

    def raise_evidence(copied: Json) -> None:
        item = next(each for each in copied["evidence"] if each["kind"] == "observation")
        item["body"]["value"] = "100"

    def raise_evidence_and_hash(copied: Json) -> None:
        item = next(each for each in copied["evidence"] if each["kind"] == "observation")
        item["body"]["value"] = "100"
        item["sha256"] = evidence_hash(item)

    def reweigh(copied: Json) -> None:
        copied["framework"]["document"]["nodes"][0]["weight"] = {"interim": 20, "completion": 20, "followUp": 20}

    def drop_evidence(copied: Json) -> None:
        copied["evidence"] = [item for item in copied["evidence"] if item["kind"] != "wave"]

    def move_clock(copied: Json) -> None:
        copied["score"]["recorded_at"] = "2026-01-01T00:00:00+00:00"

    def narrow(copied: Json) -> None:
        copied["uncertainty"]["low"] = copied["uncertainty"]["median"]

    assert forged(snapshot, raise_score, sealed=False)[0] == "sha256"
    caught = forged(snapshot, raise_score)
    assert caught == ["score.content_hash", "score.content.result.score", "determinations[0].score"]
    assert forged(snapshot, raise_evidence)[0].startswith("evidence[")
    caught = forged(snapshot, raise_evidence_and_hash)
    assert "score.content.evidence" in caught
    leaf = next(leaf for leaf in result["leaves"] if leaf["node"].startswith("output"))
    assert any(what.startswith(f"score.content.result.leaves[{leaf['node']}]") for what in caught)
    assert "framework.hash" in forged(snapshot, reweigh)
    assert "score.content.evidence" in forged(snapshot, drop_evidence)
    assert forged(snapshot, move_clock) == ["score.chain_hash"]
    if snapshot["uncertainty"]["low"] != snapshot["uncertainty"]["median"]:
        assert forged(snapshot, narrow) == ["uncertainty.low", "uncertainty.record_hash"]

    def surer(copied: Json) -> None:
        copied["part_uncertainty"]["parts"]["provider"]["se"] = "9.000000"

    assert forged(snapshot, surer) == ["part_uncertainty.parts.provider.se", "part_uncertainty.record_hash"]
    check_every_fact(snapshot)
    earlier = json.loads(json.dumps(snapshot))
    del earlier["part_uncertainty"]  # of a release that did not know them
    for name in ("score", "p_grade", "binding", "provider_score", "content_hash"):
        del earlier["determinations"][0][name]
    earlier["sha256"] = seal_of(earlier)
    assert verify(earlier) == []
    unknown: list[Any] = [{}, [], {"schema": "gongping-snapshot/9"}, {"schema": "gongping-snapshot/1"}]
    for broken in unknown:
        with pytest.raises(NotASnapshotError):
            verify(broken)


TESTIMONY = {
    *("document_number", "id", "issued_at", "panel", "region", "replaces", "reweighted", "signed_by"),
    *("written_hash", "numpy"),
}
"""What nothing in a score row says: who signed what when, where and why."""


def check_every_fact(snapshot: Json) -> None:
    """Whatever follows from the row is caught when it is changed, however the copy is sealed."""
    stated: list[tuple[str | int, ...]] = [
        *(("contract", name) for name in snapshot["contract"]),
        *(("framework", name) for name in snapshot["framework"] if name != "document"),
        ("score", "framework_id"),
        *(("uncertainty", name) for name in snapshot["uncertainty"] if name != "method"),
        *(("uncertainty", "method", name) for name in snapshot["uncertainty"]["method"]),
        *(("determinations", 0, name) for name in snapshot["determinations"][0]),
    ]
    stated = [path for path in stated if path[-1] not in TESTIMONY or path in {("contract", "id"), ("framework", "id")}]
    assert len(stated) > 40
    for path in stated:

        def forge(copied: Json, path: tuple[str | int, ...] = path) -> None:
            place: Any = copied
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = ["forged"] if isinstance(place[path[-1]], list) else "forged"

        try:
            assert forged(snapshot, forge), path
        except NotASnapshotError:
            continue  # a number that is no number is refused as a whole


def check_prov(snapshot: Json) -> None:
    document = prov_json(snapshot)
    row = f"gp:row.{snapshot['score']['chain_hash']}"
    used = [each["prov:entity"] for each in document["used"].values()]
    assert f"gp:framework.{snapshot['framework']['hash']}" in used
    assert {f"gp:evidence.{item['sha256']}" for item in snapshot["evidence"]} <= set(used)
    check_prov_members(document)
    plans = [each["prov:plan"] for each in document["wasAssociatedWith"].values() if "prov:plan" in each]
    assert plans == [f"gp:framework.{snapshot['framework']['hash']}"]
    made = snapshot["determinations"][0]
    derived = [(each["prov:generatedEntity"], each["prov:usedEntity"]) for each in document["wasDerivedFrom"].values()]
    assert (f"gp:determination.{made['id']}", row) in derived


def check_prov_members(document: Json) -> None:
    """Every relation is between things that the document states."""
    stated = {**document["entity"], **document["activity"], **document["agent"]}
    for section, relations in document.items():
        if section in {"prefix", "entity", "activity", "agent"}:
            continue
        for relation in relations.values():
            members = [value for key, value in relation.items() if key not in {"prov:time", "prov:type"}]
            assert all(member in stated for member in members), (section, relation)


def check_crate(snapshot: Json) -> None:
    packed = crate(snapshot)
    assert packed == crate(snapshot)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        metadata = json.loads(archive.read("ro-crate-metadata.json"))
        graph = {each["@id"]: each for each in metadata["@graph"]}
        assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
        for name in archive.namelist():
            if name != "ro-crate-metadata.json":
                assert graph[name]["identifier"] == f"sha256:{sha256(archive.read(name))}"
        parts = {part["@id"] for part in graph["./"]["hasPart"]}
        assert parts == set(archive.namelist()) - {"ro-crate-metadata.json"}
    run = graph["#run"]
    assert run["@type"] == "CreateAction"
    assert {each["@id"] for each in run["object"]} <= parts
    assert all(graph[run[key]["@id"]] for key in ("agent", "instrument"))
    assert run["result"] == [{"@id": "score.json"}]


async def test_stated_evidence_is_scored_under_a_regions_own_framework(scoring: Scoring) -> None:
    await bring_into_force(scoring, own_document())
    await scoring.hear(*complete_history())
    before = await scoring.head(CONTRACT, OWN)
    held = (await scoring.determine(CONTRACT, framework_id=OWN)).json()
    assert held["type"] == "/problems/evidence-held"
    assert {each["what"] for each in held["missing"]} == set(before["held"])
    assert any("POST /v1/evidence with measure funds-received-rate" in each["how"] for each in held["missing"])
    register = {"source": "register", "register_name": "treasury", "reference": "2026-17", "count": "0.9"}
    body = MANUAL | {
        "contract_id": str(CONTRACT),
        "measure": "funds-received-rate",
        "dist": "exact",
        "tier": None,
        "value": "0.9",
        "reconciles": register,
    }
    made = await scoring.client.as_("finance").post("/v1/evidence", json=body)
    assert made.status_code == 201, made.text
    assert await Worker(scoring.database, [SCORE_JOB]).run_one()
    after = await scoring.head(CONTRACT, OWN)
    assert Decimal(after["coverage"]) > Decimal(before["coverage"])
    assert Decimal(after["score"]) > Decimal(before["score"])
    snapshot = await scoring.get(f"/v1/scores/{CONTRACT}/snapshot", framework_id=OWN)
    assert [made.json()["id"], made.json()["sha256"]] in snapshot["score"]["content"]["evidence"]
    assert verify(json.loads(json.dumps(snapshot))) == []
    check_prov_members(prov_json(snapshot))


async def test_the_score_as_it_was_known_on_a_day(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    before = (await scoring.head(CONTRACT))["score"]
    known_at = clock.now().isoformat()
    await scoring.hear(entry(9, "deduction", amount=6_000))
    path = f"/v1/scores/{CONTRACT}/as-known"
    then = await scoring.get(path, framework_id=SELF, known_at=known_at)
    now = await scoring.get(path, framework_id=SELF)
    head = await scoring.head(CONTRACT)
    assert then["score"] == before != head["score"]
    assert (now["score"], now["content_hash"]) == (head["score"], head["content_hash"])
    today = await scoring.get(path, framework_id=SELF, valid_at=clock.today().isoformat())
    assert today["content_hash"] == head["content_hash"]
    client = scoring.client.as_("finance")
    # Before anything was known, and of a day before there were any terms.
    for moment in ({"known_at": "2020-01-01T00:00:00Z"}, {"valid_at": "2020-01-01"}):
        unknown = await client.get(path, params={"framework_id": SELF} | moment)
        assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/score-not-found")


async def test_the_commands_say_equal_or_what_differs(
    snapshot: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(snapshot), encoding="utf-8")
    assert verify_score([str(file)]) == 0
    score = snapshot["score"]["content"]["result"]["score"]
    assert f": {score} points, grade excellent" in capsys.readouterr().out
    # The client's command imports no service: it starts the program.
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gongping_client", "verify-score", str(file), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await client.communicate()
    assert (client.returncode, told[:6]) == (0, b"equal:")
    snapshot["score"]["content"]["result"]["grade"] = "good"
    file.write_text(json.dumps(snapshot), encoding="utf-8")
    assert verify_score([str(file)]) == 1
    assert "score.content.result.grade: stated good, found excellent" in capsys.readouterr().out
    for content, reason in (("{", "is not JSON"), ("{}", "is no snapshot")):
        file.write_text(content, encoding="utf-8")
        assert verify_score([str(file)]) == 2
        assert reason in capsys.readouterr().err
    assert verify_score([str(tmp_path / "none.json")]) == 2
