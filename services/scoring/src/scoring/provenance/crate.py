"""A snapshot as an RO-Crate: a ZIP file with the data, their description and the run that made the score.

Source: RO-Crate 1.1 with the profile Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5).
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

from scoring.canonical import sha256
from scoring.provenance.prov import prov_json

__all__ = ["crate"]

CONTEXT: Final = "https://w3id.org/ro/crate/1.1/context"
VERSION: Final = "https://w3id.org/ro/crate/1.1"
PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Time of the members of the ZIP file: the same snapshot gives the same bytes."""


def crate(snapshot: Mapping[str, Any]) -> bytes:
    """The ZIP file: ro-crate-metadata.json, snapshot.json, framework.json, score.json, prov.json, evidence/*.json."""
    files = {
        "snapshot.json": (snapshot, "Snapshot of the score, for `gongping verify-score`"),
        "framework.json": (snapshot["framework"]["document"], "Framework that it was scored under"),
        "score.json": (snapshot["score"]["content"], "Canonical content of the score row"),
        "prov.json": (prov_json(snapshot), "Provenance in PROV-JSON"),
    }
    evidence = {
        f"evidence/{item['sha256']}.json": (item, f"Evidence: {item['kind']} {item['id']}")
        for item in snapshot["evidence"]
    }
    texts = {name: _text(value) for name, (value, _) in (files | evidence).items()}
    titles = {name: title for name, (_, title) in (files | evidence).items()}
    metadata = _metadata(snapshot, texts, titles, evidence=list(evidence))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"ro-crate-metadata.json": _text(metadata), **texts}.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, compress_type=zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _metadata(
    snapshot: Mapping[str, Any], texts: Mapping[str, str], titles: Mapping[str, str], *, evidence: Sequence[str]
) -> dict[str, Any]:
    score, contract = snapshot["score"], snapshot["contract"]
    result = score["content"]["result"]
    simulated = " Simulated data." if contract["simulated"] else ""
    graph: list[dict[str, Any]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": VERSION},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "conformsTo": {"@id": PROFILE},
            "name": f"Score of contract {contract['id']} under {score['framework_id']}, row {score['version']}",
            "description": f"{result['score']} points, grade {result['grade']}, stage {result['stage']}.{simulated}",
            "identifier": f"sha256:{score['content_hash']}",
            "datePublished": snapshot["exported_at"],
            "license": {"@id": "#access"},
            "hasPart": _refs(texts),
            "mentions": {"@id": "#run"},
        },
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {
            "@id": "#access",
            "@type": "CreativeWork",
            "name": "For the officers and auditors of the case",
            "description": "The evidence may hold facts that are not public; the rules of its region say who gets it.",
        },
        {
            "@id": "#gongping-scoring",
            "@type": "SoftwareApplication",
            "name": "gongping-scoring",
            "softwareVersion": snapshot["software"]["gongping-scoring"],
        },
        {"@id": "#operator", "@type": "Organization", "name": "Operator of the scoring service"},
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": "Scoring run",
            "endTime": score["recorded_at"],
            "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
            "agent": {"@id": "#operator"},
            "instrument": {"@id": "#gongping-scoring"},
            "object": _refs(["framework.json", *evidence]),
            "result": _refs(["score.json"]),
        },
    ]
    graph += [
        {
            "@id": name,
            "@type": "File",
            "name": titles[name],
            "encodingFormat": "application/json",
            "contentSize": str(len(text.encode())),
            "identifier": f"sha256:{sha256(text)}",
        }
        for name, text in texts.items()
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _refs(names: Mapping[str, str] | Sequence[str]) -> list[dict[str, str]]:
    return [{"@id": name} for name in names]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
