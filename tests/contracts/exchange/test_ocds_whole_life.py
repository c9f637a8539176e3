"""What follows the signature in OCDS: amendments, failures, documents, and the published determination of the score."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.results.handlers import scoring_subscription
from shared.events import DeterminationActed, DeterminationIssued, EventData
from shared.ids import new_id
from shared.testing import deliver, delivery

Json = dict[str, Any]
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


async def tell(contracts: Any, *events: EventData) -> None:
    batch = [
        delivery(each, subject=each.contract_id, region=each.region, seq=1 + n + 100 * len(events))  # type: ignore[attr-defined]
        for n, each in enumerate(events)
    ]
    await deliver(contracts.database, scoring_subscription, batch)


def issued(contract: UUID, **fields: Any) -> DeterminationIssued:
    known: Json = {
        "determination_id": new_id(),
        "contract_id": contract,
        "region": "CN-230102",
        "simulated": True,
        "framework_id": "cn-self-evaluation",
        "framework_version": "1.0.0",
        "framework_hash": "1" * 64,
        "stage": "completion",
        "score": "71.500000",
        "grade": "fair",
        "content_hash": "4" * 64,
        "evidence_cutoff": AT,
        "document_number": "模拟〔2026〕1号",
        "signed_by": "officer-7",
        "issued_at": AT,
    }
    return DeterminationIssued(**known | fields)


def published(determination: DeterminationIssued, kind: str = "publication") -> DeterminationActed:
    return DeterminationActed(
        act_id=new_id(),
        determination_id=determination.determination_id,
        contract_id=determination.contract_id,
        region="CN-230102",
        kind=kind,
        acted_at=AT,
    )


async def test_amendments_failures_and_documents_are_released(
    contracts: Any, assert_valid: Callable[[Json], None], as_package: Callable[[str, list[Json]], Json]
) -> None:
    contract = await contracts.active(value="100000.00")
    path = f"/contracts/{contract['contract_id']}"
    supplement = {
        "reason_code": "quantityAdjustment",
        "rationale": "更多服务对象（模拟）",
        "amended_on": "2025-06-01",
        "value": "105000.00",
    }
    proposed = await contracts.post(f"{path}/amendments", supplement, expect=201)
    for side in ("purchaser", "provider"):
        await contracts.post(f"{path}/amendments/{proposed['id']}/confirm", {"side": side})
    late = {
        "category": "lateDelivery",
        "description": "Wang came too late",
        "starts_on": "2025-06-01",
        "events": 2,
        "penalty_contracted": "5000.00",
        "penalty": {"kind": "penalty", "amount": "2000.00", "booked_on": "2025-07-01"},
    }
    failure = await contracts.post(f"{path}/failures", late, expect=201)
    received = {"kind": "penaltyReceipt", "amount": "2000.00", "booked_on": "2025-07-02"}
    await contracts.post(f"{path}/failures/{failure['id']}/penalties", received, expect=200)
    for about, kind in (("contract", "contractSigned"), ("failure", "illustration")):
        document = {
            "document_type": kind,
            "title": "文件（模拟）",
            "sha256": "a" * 64,
            "url": "https://example.org/a.pdf",
            "about": about,
        } | ({"about_id": failure["id"]} if about == "failure" else {})
        await contracts.post(f"{path}/documents", document, expect=201)

    package = (await contracts.client.anonymous.get("/v1/ocds/releases?limit=200")).json()
    assert_valid(package)
    releases = package["releases"]
    assert_valid(as_package("releases", releases))
    assert "Wang" not in json.dumps(package)
    amended = [one for one in releases if one["tag"] == ["contractAmendment"]]
    (told,) = amended[0]["contracts"]
    assert told["value"]["amount"] == 105000
    (amendment,) = told["amendments"]
    assert amendment["rationaleClassifications"][0]["id"] == "quantityAdjustment"
    assert all("amendments" not in one["contracts"][0] for one in releases if one not in amended)
    record = await contracts.client.anonymous.get(f"/v1/ocds/records/ocds-xxxxxx-{contract['contract_id']}")
    (compiled,) = record.json()["records"][0]["compiledRelease"]["contracts"]
    (found,) = compiled["implementation"]["performanceFailures"]
    assert (found["category"], found["events"]) == ("lateDelivery", 2)
    assert (found["penaltyContracted"], found["penaltyImposed"], found["penaltyPaid"]) == (
        "5000.00 CNY",
        "2000.00 CNY",
        True,
    )
    assert [one["sha256"] for one in compiled["documents"]] == ["a" * 64]
    assert [one["documentType"] for one in compiled["implementation"]["documents"]] == ["illustration"]


async def test_a_determination_is_released_once_it_is_published(
    contracts: Any, assert_valid: Callable[[Json], None], as_package: Callable[[str, list[Json]], Json]
) -> None:
    contract = await contracts.active()
    number = UUID(contract["contract_id"])
    public = contracts.client.anonymous

    async def evaluations() -> list[tuple[str, str]]:
        package = (await public.get("/v1/ocds/releases?limit=200")).json()
        assert_valid(package)
        assert_valid(as_package("releases", package["releases"]))
        assert "officer-7" not in json.dumps(package)
        record = await public.get(f"/v1/ocds/records/ocds-xxxxxx-{number}")
        done = record.json()["records"][0]["compiledRelease"]["contracts"][0].get("implementation", {})
        return [(each["grade"], each["status"]) for each in done.get("evaluations", [])]

    first = issued(number)
    await tell(contracts, first)
    assert await evaluations() == []
    await tell(contracts, published(first), published(first, "service"))
    assert await evaluations() == [("fair", "inForce")]
    # The next one is published before it is told that it was signed.
    second = issued(number, replaces=first.determination_id, grade="good", score="82.000000")
    await tell(contracts, published(second), second, published(second, "suspension"))
    assert await evaluations() == [("fair", "replaced"), ("good", "suspended")]
