"""A region's own framework: registered, submitted, approved by a second person, in force, retired; and what refuses."""

import copy
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import complete_history, renamed
from tests.scoring.conftest import SELF, Scoring, contract_of
from tests.scoring.frameworks.framework_drafts import OWN, act, bring_into_force, officer, own_document, register

from scoring.canonical import canonical, sha256
from scoring.frameworks.queries import find_framework
from scoring.frameworks.service import FRAMEWORK_CHANGED, registry, registry_if_approved
from scoring.scores.framework_changes import FRAMEWORK_JOB
from scoring.scores.rescore import RESCORE_JOB
from shared.ids import new_id
from shared.jobs import Worker

PATH = f"/v1/frameworks/{OWN}"


async def applicable(scoring: Scoring, region: str) -> list[str]:
    async with scoring.database.reading() as session:
        return [framework.id for framework in (await registry(session)).applicable(region, "A05")]


def easier(document: dict[str, Any]) -> dict[str, Any]:
    """The same with a target below what the sector reached."""
    changed = copy.deepcopy(document) | {"version": "1.1.0"}
    changed["nodes"][3]["children"].append(
        {
            "code": "reach",
            "title": {"en": "Reach", "zh": "覆盖率"},
            "weight": {"interim": 10, "completion": 10, "followUp": 10},
            "indicator": {
                "type": "quantitative",
                "unit": "share",
                "direction": "higher",
                "target": {"from": "constant", "value": 0.5},
                "standard": "sector",
                "evidence": {"from": "manual", "measure": "reach"},
                "normaliser": {"kind": "goalposts", "lower": 0, "upper": 0.5},
                "accountable": "provider",
                "missing": "hold",
                "source": "a simulated decree",
                "confidence": "own choice",
                "reference": {"sector": 0.7, "source": "a simulated register"},
            },
        }
    )
    changed["nodes"][3]["children"][0]["weight"] = {"interim": 50, "completion": 50, "followUp": 50}
    return changed


async def test_a_version_is_approved_by_a_second_person_and_comes_into_force(scoring: Scoring) -> None:
    author, second = officer(scoring, "officer-1"), officer(scoring, "officer-2")
    document = own_document()
    registered = await register(author, document)
    assert registered.status_code == 201, registered.text
    assert registered.json() | {"document": None, "acts": None} == {
        "id": OWN,
        "version": "1.0.0",
        "hash": sha256(canonical(document)),
        "title": document["title"],
        "state": "draft",
        "region": "CN-23",
        "in_force": False,
        "replaced_by": None,
        "offered": False,
        "source": document["source"],
        "source_text": dict(find_framework("cn-department").source),
        "document": None,
        "module": None,
        "acts": None,
        "row_version": 1,
    }
    early = await act(second, "approve", reason="simulated")
    assert (early.status_code, early.json()["state"]) == (409, "draft")

    assert (await act(author, "submit")).json()["state"] == "submitted"
    late = await author.put(f"{PATH}/versions/1.0.0", json={"reason": "x", "document": document})
    assert late.json()["type"] == "/problems/framework-act-not-possible"
    own = await act(author, "approve", reason="simulated")
    assert (own.status_code, own.json()["type"]) == (409, "/problems/framework-self-approval")
    returned = await act(second, "return", reason="a weight is missing its reason")
    assert returned.json()["acts"][-1] | {"at": None} == {
        "act": "returned",
        "by": None,
        "at": None,
        "reason": "a weight is missing its reason",
    }
    document["nodes"][0]["weight"], document["nodes"][2]["weight"] = (
        document["nodes"][0]["weight"] | {"completion": 10},
        document["nodes"][2]["weight"] | {"completion": 40},
    )
    stale = await author.put(
        f"{PATH}/versions/1.0.0", json={"reason": "y", "document": document}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    replaced = await author.put(f"{PATH}/versions/1.0.0", json={"reason": "mended", "document": document})
    assert replaced.json()["hash"] == sha256(canonical(document)) != registered.json()["hash"]
    assert replaced.headers["etag"] == f'"{replaced.json()["row_version"]}"'
    await act(author, "submit")

    assert await applicable(scoring, "CN-230102") == [SELF, "four-questions"]
    async with scoring.database.reading() as session:
        supposed = await registry_if_approved(session, OWN, "1.0.0")
    assert [each.id for each in supposed.applicable("CN-230102", "A05")] == [SELF, "four-questions", OWN]
    approved = await act(second, "approve", reason="decided by the simulated department")
    assert (approved.status_code, approved.json()["in_force"]) == (200, True)
    assert await applicable(scoring, "CN-230102") == [SELF, "four-questions", OWN]
    assert await applicable(scoring, "CN-310101") == [SELF, "four-questions"]
    jobs = await scoring.rows("SELECT payload FROM job WHERE kind = :kind", kind=FRAMEWORK_CHANGED)
    assert [row.payload for row in jobs] == [
        {"framework_id": OWN, "framework_version": "1.0.0", "scope": "CN-23", "chunk": 500, "lanes": 2}
    ]
    listed = await scoring.get("/v1/frameworks", region="CN-230102", category="A05")
    assert [item["id"] for item in listed["items"]] == [SELF, "four-questions", OWN]
    async with scoring.database.reading() as session:
        known = await registry(session)
    assert known.by_hash(replaced.json()["hash"]).written == document
    assert known is not None
    acts = (await author.get(PATH)).json()["acts"]
    assert [each["act"] for each in acts] == ["registered", "returned", "submitted", "approved"]
    assert (await scoring.client.anonymous.get(PATH)).json()["acts"] == []

    again = await register(author, document)
    assert again.json()["type"] == "/problems/framework-exists"
    lower = await register(author, own_document("0.9.0"))
    assert (lower.json()["type"], lower.json()["version"]) == ("/problems/framework-version-not-higher", "1.0.0")

    retired = await act(author, "retire", reason="a simulated change of the decree")
    assert retired.json()["in_force"] is False
    assert await applicable(scoring, "CN-230102") == [SELF, "four-questions"]
    async with scoring.database.reading() as session:
        assert (await registry(session)).by_hash(replaced.json()["hash"]).id == OWN  # it goes on explaining


async def test_an_approved_document_never_changes_and_easy_targets_need_a_reason(scoring: Scoring) -> None:
    await bring_into_force(scoring, own_document())
    for change in ("SET document = '{}'", "SET scope = 'CN'", "SET hash = repeat('0', 64)"):
        with pytest.raises(DBAPIError, match="never changes"):
            async with scoring.database.transaction() as session:
                await session.execute(text(f"UPDATE framework_versions {change}"))
    author, second = officer(scoring, "officer-1"), officer(scoring, "officer-2")
    document = easier(own_document())
    assert (await register(author, document)).status_code == 201
    await act(author, "submit", "1.1.0")
    refused = await act(second, "approve", "1.1.0", reason="simulated")
    assert refused.json()["type"] == "/problems/framework-targets-too-easy"
    assert refused.json()["targets"] == [
        {
            "node": "benefit.reach",
            "target": 0.5,
            "against": "sector",
            "reached": 0.7,
            "source": "a simulated register",
        }
    ]
    accepted = await act(second, "approve", "1.1.0", reason="simulated", targets_reason="a remote region")
    assert accepted.json()["acts"][-1]["reason"] == "a remote region"
    listed = (await scoring.get("/v1/frameworks"))["items"]
    assert [(item["version"], item["in_force"]) for item in listed if item["id"] == OWN] == [
        ("1.0.0", False),
        ("1.1.0", True),
    ]
    compared = await scoring.get("/v1/frameworks/diff", **{"from": f"{OWN}@1.0.0", "to": OWN})
    assert [(each["node"], each["kind"]) for each in compared["differences"]] == [
        ("benefit.effect", "weight"),
        ("benefit.reach", "added"),
    ]


async def test_what_is_refused_names_the_node(scoring: Scoring) -> None:
    author = officer(scoring, "officer-1")
    broken = own_document()
    broken["nodes"][0]["weight"] = broken["nodes"][0]["weight"] | {"interim": 31}
    refused = await register(author, broken)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"node": "node root", "detail": "the weights at stage interim sum to 106, not 100"}
    ]
    broken["nodes"][2]["weight"] = broken["nodes"][2]["weight"] | {"interim": 24}
    refused = await register(author, broken)
    assert refused.json()["errors"] == [
        {"node": "node decision", "detail": "weighs 31 at stage interim, cn-department asks for 5 to 30"}
    ]
    for change, detail in [
        ({"inherits": broken["inherits"] | {"hash": "0" * 64}}, "there is no framework cn-department 1.0.0 with that"),
        ({"id": "diff"}, "is a word of the address"),
        ({"module": {"code": "a", "title": {"en": "a", "zh": "a"}, "categories": ["A"]}}, "is written by the service"),
        ({"source": 2**53}, "numbers must be finite"),
        ({"nodes": [[[[]]]]}, "is not of type 'object'"),
    ]:
        refused = await register(author, own_document() | change)
        assert refused.status_code == 422, refused.text
        assert any(detail in each["detail"] for each in refused.json()["errors"]), refused.text
    deep: Any = "x"
    for _ in range(200):
        deep = {"children": [deep]}
    refused = await register(author, own_document() | {"nodes": [deep]})
    assert "is nested more than" in refused.json()["errors"][0]["detail"]

    assert (await register(author, own_document(framework_id=SELF))).json()["type"] == "/problems/framework-id-taken"
    foreign = await register(author, own_document(), region="CN-31")
    assert foreign.status_code == 403
    country = await register(author, own_document(), region="CN")
    assert country.status_code == 403
    assert (await register(author, own_document())).status_code == 201
    taken = await register(officer(scoring, "officer-9", "CN-31"), own_document("1.0.1"), region="CN-31")
    assert taken.json()["type"] == "/problems/framework-id-taken"
    hidden = await officer(scoring, "officer-9", "CN-31").get(PATH)
    assert hidden.status_code == 404


async def test_checking_weighing_and_diagnosing_keep_nothing(scoring: Scoring) -> None:
    client = officer(scoring, "auditor-1", role="auditor")
    valid = await client.post("/v1/frameworks:validate", json={"document": own_document(), "region": "CN-2301"})
    assert valid.json() == {
        "valid": True,
        "faults": [],
        "targets": [],
        "hash": sha256(canonical(own_document())),
    }
    broken = own_document()
    broken["nodes"][1]["children"][0]["children"][0]["indicator"]["depends_on"] = ["payment"]
    found = (await client.post("/v1/frameworks:validate", json={"document": broken})).json()
    assert (found["valid"], found["hash"], found["faults"][0]["node"]) == (False, None, "node process.funds.received")
    assert "a cycle" in found["faults"][0]["detail"]

    budget = {"method": "budget", "allocations": [{"quality": 60, "cost": 40}, {"quality": 50, "cost": 50}]}
    answer = (await client.post("/v1/frameworks:weigh", json=budget)).json()
    assert answer["weights"] == {"quality": 55.0, "cost": 45.0}
    assert answer["diagnostics"]["concentration"] == pytest.approx(48.5)
    best = {
        "method": "bwm",
        "judges": [
            {
                "best": "quality",
                "worst": "cost",
                "best_to_others": {"quality": 1, "speed": 2, "cost": 4},
                "others_to_worst": {"quality": 4, "speed": 2, "cost": 1},
            }
        ],
    }
    answer = (await client.post("/v1/frameworks:weigh", json=best)).json()
    assert answer["weights"] == {"quality": 57.14, "speed": 28.57, "cost": 14.29}
    pairs = {
        "method": "ahp",
        "codes": ["quality", "speed", "cost"],
        "matrices": [[[1, 9, 1], [1 / 9, 1, 9], [1, 1 / 9, 1]]],
    }
    refused = await client.post("/v1/frameworks:weigh", json=pairs)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/judgements-inconsistent")
    assert "quality, speed, cost" in refused.json()["detail"]
    malformed = await client.post("/v1/frameworks:weigh", json={"method": "ahp", "codes": ["quality"]})
    assert malformed.status_code == 422

    table = {"codes": ["a", "b"], "higher": [True, False], "values": [[1, 5], [2, 4], [4, 4]]}
    diagnosed = (await client.post("/v1/frameworks:diagnose", json=table)).json()
    assert sum(diagnosed["entropy"].values()) == pytest.approx(100.0)
    assert sum(diagnosed["critic"].values()) == pytest.approx(100.0)
    constant = table | {"values": [[1, 5], [1, 5], [1, 5]]}
    assert (await client.post("/v1/frameworks:diagnose", json=constant)).json() == {"entropy": None, "critic": None}
    repeated = table | {"values": [[1, -1], [2, -2], [4, -4]]}
    assert (await client.post("/v1/frameworks:diagnose", json=repeated)).json() == {"entropy": None, "critic": None}
    endless = await client.post(
        "/v1/frameworks:weigh",
        content='{"method": "budget", "allocations": [{"a": NaN, "b": 50}]}',
        headers={"Content-Type": "application/json"},
    )
    assert endless.status_code == 422
    for odd in ("%00", "x" * 65, "%F0%9F%98%80"):
        assert (await client.get(f"/v1/frameworks/{odd}")).status_code in {404, 422}
        assert (await client.get(f"/v1/frameworks/{OWN}/versions/{odd}/impact")).status_code in {404, 422}
    ragged = await client.post("/v1/frameworks:diagnose", json=table | {"values": [[1], [2], [3]]})
    assert ragged.status_code == 422

    schema = (await scoring.client.anonymous.get("/v1/frameworks/schema")).json()
    assert schema["required"][0] == "id"
    asked = await scoring.get("/v1/frameworks/common-core", category="A0402")
    assert asked["module"] == "elderly_care"
    assert asked["hash"] == find_framework("common-core").written_hash
    assert await scoring.rows("SELECT 1 FROM framework_versions") == []


async def test_an_approval_re_scores_the_contracts_of_its_region_alone(scoring: Scoring) -> None:
    here, there = (renamed(complete_history(), new_id()) for _ in range(2))
    there = [event.model_copy(update={"region": "CN-310101"}) for event in there]
    await scoring.hear(*here, *there)
    await bring_into_force(scoring, own_document(framework_id=OWN, parent="common-core"))
    worker = Worker(scoring.database, [FRAMEWORK_JOB, RESCORE_JOB])
    while await worker.run_one():
        pass
    heads = await scoring.rows(
        "SELECT contract_id, framework_hash, grade FROM score_heads WHERE framework_id = :id", id=OWN
    )
    assert [head.contract_id for head in heads] == [contract_of(here[0])]
    async with scoring.database.reading() as session:
        framework = (await registry(session)).by_hash(heads[0].framework_hash)
    assert (framework.id, framework.module) == (OWN, "health_care")
    explained = await scoring.get(f"/v1/scores/{heads[0].contract_id}/explanation", framework_id=OWN)
    assert [node["node"] for node in explained["tree"]["children"]] == [
        "demand",
        "process",
        "output",
        "benefit",
        "satisfaction",
        "service",
    ]
