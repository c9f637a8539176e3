"""What scoring tells about a contract is kept once, in any order, and shown with its effect in sum. All simulated."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.results.handlers import scoring_subscription
from shared.events import (
    AppealFiled,
    ClockOverdue,
    DeterminationActed,
    DeterminationIssued,
    EventData,
    RectificationOpened,
    ResultUseClosed,
    ResultUseOpened,
)
from shared.ids import new_id
from shared.testing import deliver, delivery

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DETERMINATION, USE = new_id(), new_id()
_seq = itertools.count(1)


async def tell(contracts: Any, *data: EventData) -> None:
    batch = [
        delivery(each, subject=each.contract_id, region=each.region, seq=next(_seq))  # type: ignore[attr-defined]
        for each in data
    ]
    await deliver(contracts.database, scoring_subscription, batch)


def issued(contract: UUID, **fields: Any) -> DeterminationIssued:
    defaults: dict[str, Any] = {
        "determination_id": DETERMINATION,
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
    return DeterminationIssued(**defaults | fields)


def acted(contract: UUID, kind: str, **fields: Any) -> DeterminationActed:
    return DeterminationActed(
        act_id=new_id(),
        determination_id=DETERMINATION,
        contract_id=contract,
        region="CN-230102",
        kind=kind,
        acted_at=AT,
        **fields,
    )


def use(contract: UUID, model: type[ResultUseOpened] | type[ResultUseClosed], version: int, **fields: Any) -> EventData:
    defaults: dict[str, Any] = {
        "result_use_id": USE,
        "version": version,
        "contract_id": contract,
        "determination_id": DETERMINATION,
        "region": "CN-230102",
        "rule_set_id": "cn-result-use",
        "rule_set_version": "1.0.0",
        "rule": "payment",
        "kind": "payment",
        "basis": "provider",
        "grade": "fair",
        "adverse": True,
        "money": True,
        "owner": "purchaser",
        "state": "open",
        "due_on": date(2026, 3, 16),
        "currency": "CNY",
        "recorded_at": AT,
    }
    return model(**defaults | fields)


async def test_what_scoring_tells_is_shown_with_its_effect(contracts: Any) -> None:
    contract = await contracts.active()
    number = UUID(contract["contract_id"])
    path = f"/contracts/{number}/results"
    assert (await contracts.get(path))["determinations"] == []
    closed = use(number, ResultUseClosed, 2, state="applied", decision="deducted", amount=Decimal("6000.00"))
    # Out of order, and each twice.
    await tell(contracts, closed, acted(number, "service", party="provider", effective_at=AT))
    await tell(contracts, use(number, ResultUseOpened, 1), closed, issued(number), issued(number))
    found = await contracts.get(path)
    (determination,) = found["determinations"]
    assert (determination["grade"], determination["effective_at"]) == ("fair", "2026-03-02T01:00:00Z")
    assert (determination["suspended"], determination["annulled"], determination["published_at"]) == (
        False,
        False,
        None,
    )
    (payment,) = found["uses"]
    assert (payment["state"], payment["decision"], payment["amount"]) == ("applied", "deducted", "6000.00")
    assert (found["effects"]["deducted"], found["effects"]["open"], found["effects"]["rectifying"]) == (
        "6000.00",
        0,
        False,
    )


async def test_rectifications_appeals_and_clocks_stand_beside(contracts: Any) -> None:
    number = UUID((await contracts.active())["contract_id"])
    common: dict[str, Any] = {"contract_id": number, "region": "CN-230102", "recorded_at": AT}
    rectification = {
        **common,
        "version": 1,
        "cause": "public",
        "responsible": "provider",
        "demand": "open on the days that were agreed",
    }
    await tell(
        contracts,
        RectificationOpened(**rectification, rectification_id=new_id(), state="addressed"),
        RectificationOpened(**rectification, rectification_id=new_id(), state="draft"),
        AppealFiled(
            **common,
            appeal_id=new_id(),
            version=1,
            against="determination",
            against_id=DETERMINATION,
            side="provider",
            state="filed",
            suspends=True,
            filed_at=AT,
            decide_by=date(2026, 3, 16),
        ),
        ClockOverdue(
            **common, notice_id=new_id(), noun="rectification", noun_id=new_id(), clock="report", owner="provider",
            due_on=date(2026, 3, 1),
        ),
        issued(number),
        acted(number, "suspension"),
    )  # fmt: skip
    found = await contracts.get(f"/contracts/{number}/results")
    assert [each["state"] for each in found["rectifications"]] == ["addressed"]  # a draft is the authority's own
    assert found["effects"]["rectifying"] is True
    assert [each["side"] for each in found["appeals"]] == ["provider"]
    assert [each["clock"] for each in found["notices"]] == ["report"]
    assert (found["determinations"][0]["suspended"], found["determinations"][0]["effective_at"]) == (True, None)


async def test_a_provider_reads_its_own_contracts_only(contracts: Any) -> None:
    contract = await contracts.active()
    for organisation, status in ((contract["provider"]["organisation_id"], 200), (str(new_id()), 404)):
        client = contracts.client.as_("provider", organisation=organisation)
        answer = await client.get(f"/v1/contracts/{contract['contract_id']}/results")
        assert answer.status_code == status


async def test_a_provider_sees_what_was_served_and_a_token_without_organisation_what_is_published(
    contracts: Any,
) -> None:
    contract = await contracts.active()
    number = UUID(contract["contract_id"])
    path = f"/v1/contracts/{number}/results"
    party = contracts.client.as_("provider", organisation=contract["provider"]["organisation_id"])
    anybody = contracts.client.as_("provider")

    async def seen(client: Any) -> list[str]:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["effects"] is None or client is not anybody
        return [name for name in ("determinations", "uses", "rectifications", "appeals", "notices") if told[name]]

    common: dict[str, Any] = {"contract_id": number, "region": "CN-230102", "recorded_at": AT}
    theirs = {"appeal_id": new_id(), "version": 1, "against": "determination", "against_id": DETERMINATION}
    theirs |= {"state": "filed", "suspends": True, "filed_at": AT, "decide_by": date(2026, 3, 16)}
    clock = {"noun": "result_use", "noun_id": USE, "clock": "close", "owner": "purchaser", "due_on": AT.date()}
    put_right = {"rectification_id": new_id(), "version": 1, "cause": "determination", "state": "active", "demand": "x"}
    await tell(
        contracts,
        issued(number),
        use(number, ResultUseOpened, 1),
        AppealFiled(**common, **theirs, side="purchaser"),
        ClockOverdue(**common, **clock, notice_id=new_id()),
        RectificationOpened(**common, **put_right, responsible="provider", determination_id=DETERMINATION),
    )
    officer = contracts.client.as_("auditor")
    everything = ["determinations", "uses", "rectifications", "appeals", "notices"]
    assert await seen(officer) == everything
    assert await seen(party) == []
    assert await seen(anybody) == []
    await tell(contracts, acted(number, "service", party="provider", effective_at=AT))
    assert await seen(party) == everything
    assert await seen(anybody) == []
    await tell(contracts, acted(number, "publication"))
    assert await seen(anybody) == ["determinations"]
    await tell(contracts, acted(number, "suspension"))
    assert await seen(anybody) == []
    await tell(contracts, acted(number, "release"))
    assert await seen(anybody) == ["determinations"]
    await tell(contracts, acted(number, "annulment"))
    assert await seen(anybody) == []
    assert await seen(officer) == everything
