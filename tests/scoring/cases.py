"""Simulated facts about contracts for the tests of scoring: event payloads, drawn by hypothesis or written out."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from scoring.evidence import items
from shared.events import (
    AcceptanceRecorded,
    AgreedIndicator,
    ContractActivated,
    ContractCompleted,
    ContractState,
    ContractTerminated,
    Estimate,
    EventData,
    LedgerPosted,
    MilestoneState,
    NeedsBasis,
    ObservationRecorded,
    PartyRef,
    RecipientsOpinion,
    WaveClosed,
)
from shared.ids import new_id
from shared.inbox import Received

__all__ = [
    "AT",
    "CONTRACT",
    "REGION",
    "acceptance",
    "agreed",
    "closed_wave",
    "complete_history",
    "entry",
    "facts_of",
    "histories",
    "ident",
    "observation",
    "received",
    "renamed",
    "rows_of",
    "state",
]

Json = Any  # any field of an event
CONTRACT = UUID(int=1)
REGION = "CN-230102"
AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
STATES: dict[str, type[ContractState]] = {
    "active": ContractActivated,
    "completed": ContractCompleted,
    "terminated": ContractTerminated,
}


def ident(kind: int, number: int) -> UUID:
    return UUID(int=(kind << 64) + number)


def received(data: EventData, *, at: datetime = AT) -> Received[EventData]:
    """An event as the inbox hands it over."""
    kind = data.TYPE.split(".")
    subject = str(getattr(data, "contract_id", ""))
    return Received(new_id(), data.TYPE, kind[0], subject, getattr(data, "region", REGION), at, data, 1, 1)


def facts_of(events: Iterable[EventData]) -> dict[str, list[dict[str, Any]]]:
    """The same events as the oracle wants them."""
    facts: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("contract", "observations", "ledger", "acceptances", "waves")
    }
    names = {
        ObservationRecorded: "observations",
        LedgerPosted: "ledger",
        AcceptanceRecorded: "acceptances",
        WaveClosed: "waves",
    }
    for event in events:
        facts[names.get(type(event), "contract")].append(event.model_dump(mode="json"))
    return facts


def rows_of(events: Iterable[EventData]) -> list[list[Any]]:
    """The evidence rows that the events leave, as the scores slice reads them."""
    makers: dict[type[EventData], Any] = {
        ObservationRecorded: items.observation_item,
        LedgerPosted: items.ledger_item,
        AcceptanceRecorded: items.acceptance_item,
        WaveClosed: items.wave_item,
    }
    made = [makers.get(type(event), items.contract_item)(received(event)) for event in events]
    unique = {(item.id, item.version): item for item in made}
    return [[str(item.id), item.kind, item.version, item.sha256, json.loads(item.body)] for item in unique.values()]


def figure(low: int, high: int, places: int = 2) -> st.SearchStrategy[Decimal]:
    scale = 10**places
    return st.integers(low * scale, high * scale).map(lambda number: Decimal(number) / scale)


@st.composite
def agreed_indicators(draw: st.DrawFn) -> tuple[AgreedIndicator, ...]:
    levels = draw(st.lists(st.sampled_from(["output", "output", "benefit", "satisfaction"]), max_size=6))
    return tuple(
        AgreedIndicator(
            indicator_id=ident(2, n),
            code=f"{level[0].upper()}{draw(st.integers(1, 9))}",
            name=f"indicator {n}",
            level=level,
            aspect="quantity",
            unit="%",
            direction=draw(st.sampled_from(["higher", "lower"])),
            target=draw(figure(0, 120) | figure(0, 1)),
            zero_at=draw(st.none() | figure(0, 300)),
            baseline=draw(st.none() | figure(0, 120)),
            weight=draw(st.sampled_from([Decimal(1), Decimal(3), Decimal("12.5"), Decimal("0.33333333")])),
            missing=draw(st.sampled_from(["hold", "zero", "reweight", "something-new"])),
        )
        for n, level in enumerate(levels)
    )


@st.composite
def milestones(draw: st.DrawFn) -> tuple[MilestoneState, ...]:
    count = draw(st.integers(0, 3))
    return tuple(
        MilestoneState(
            milestone_id=ident(3, n),
            code=f"M{n}",
            title=f"milestone {n}",
            kind=draw(st.sampled_from(["delivery", "financing"])),
            percentage=draw(figure(1, 60)),
            due_on=draw(st.none() | st.just(date(2026, 3, 1))),
            status=draw(st.sampled_from(["scheduled", "met", "partlyMet", "notMet"])),
            met_on=draw(st.none() | st.dates(date(2026, 1, 1), date(2026, 9, 1))),
        )
        for n in range(count)
    )


@st.composite
def contract_states(draw: st.DrawFn, value: Decimal) -> list[ContractState]:
    indicators = draw(agreed_indicators())
    marks = draw(milestones())
    last = draw(st.sampled_from(["active", "completed", "terminated"]))
    terms: dict[str, Any] = {
        "contract_id": CONTRACT,
        "region": REGION,
        "title": "a simulated contract",
        "simulated": True,
        "service_category": draw(st.sampled_from([None, "A05", "B03"])),
        "purchaser": PartyRef(organisation_id=ident(4, 1), name="a simulated purchaser"),
        "provider": PartyRef(organisation_id=ident(4, 2), name="a simulated provider"),
        "value": draw(st.sampled_from([value, value, None])),
        "tenderers": draw(st.none() | st.integers(0, 5)),
        "needs_basis": draw(
            st.none() | st.sampled_from(["wave", "document", "none", "poll"]).map(lambda kind: NeedsBasis(kind=kind))
        ),
        "indicators": indicators,
        "milestones": marks,
    }
    names = ["active"] if last == "active" else ["active", last]
    return [STATES[name](version=n + 1, state=name, **terms) for n, name in enumerate(names)]


@st.composite
def histories(draw: st.DrawFn) -> list[EventData]:
    """Everything that became known of one contract, in a plausible order."""
    value = draw(st.sampled_from([Decimal("128000.00"), Decimal("99999.99"), Decimal("300.00")]))
    states = draw(contract_states(value))
    events: list[EventData] = [*states]
    events += [
        observation(
            n,
            indicator,
            value=draw(figure(0, 200)),
            observed_on=draw(st.sampled_from([date(2026, 5, 1), date(2026, 6, 1)])),
            supersedes=draw(st.sampled_from([None, ident(5, n - 1), ident(5, n + 1)])),
            recorded_at=AT + timedelta(milliseconds=draw(st.integers(0, 3)) * 500),
        )
        for n, indicator in enumerate(states[0].indicators * 2)
        if draw(st.booleans())
    ]
    for n in range(draw(st.integers(0, 5))):
        kind = draw(
            st.sampled_from(["payment", "payment", "deduction", "refund", "reversal", "commitment", "acceptance"])
        )
        events.append(
            entry(
                n,
                kind,
                amount=draw(figure(0, int(value))),
                currency=draw(st.sampled_from(["CNY", "CNY", "CNY", "EUR"])),
                reverses=ident(6, draw(st.integers(0, 5))) if kind == "reversal" else None,
            )
        )
    for n in range(draw(st.integers(0, 2))):
        events.append(
            acceptance(
                n,
                result=draw(st.sampled_from(["accepted", "partlyAccepted", "rejected"])),
                accepted_value=draw(figure(0, int(value))),
                opinion=draw(st.none() | st.just(RecipientsOpinion(kind="onSite", people=12, satisfied=10))),
            )
        )
    for n in range(draw(st.integers(0, 3))):
        events += [wave(draw, n, version) for version in range(2, draw(st.integers(2, 3)) + 1)]
    return events


def wave(draw: st.DrawFn, number: int, version: int) -> WaveClosed:
    status = draw(st.sampled_from(["ok", "ok", "caution", "unreliable", "suppressed"]))
    return closed_wave(
        number,
        kind=draw(st.sampled_from(["midterm", "completion", "followUp"])),
        index=draw(st.floats(0, 100) | st.sampled_from([87.5, 90.0, 0.0])),
        status=status,
        version=version,
        closed_at=AT + timedelta(days=draw(st.integers(0, 2))),
    )


def exact(measure: str, value: float | None, *, status: str) -> Estimate:
    """The headline of a small census that everybody answered: its bounds meet in the value."""
    return Estimate(
        item="overall", measure=measure, estimate=value, ci_low=value, ci_high=value, ci_method="bounds", status=status
    )


def closed_wave(number: int, *, kind: str, index: float, status: str = "ok", **rest: Json) -> WaveClosed:
    """A closed wave that everybody answered, so that its figures are exact; simulated."""
    shown = None if status == "suppressed" else index
    defaults: dict[str, Any] = {
        "wave_id": ident(8, number),
        "version": 2,
        "contract_id": CONTRACT,
        "region": REGION,
        "simulated": True,
        "kind": kind,
        "instrument_id": "satisfaction",
        "instrument_version": "1.0.0",
        "instrument_sha256": "0" * 64,
        "design": "census",
        "opens_at": AT,
        "closes_at": AT,
        "closed_at": AT,
        "n": 60,
        "response_rate": 1.0,
        "estimates": (
            exact("top2", 0.9, status="ok"),
            exact("index100", shown, status=status),
        ),
        "policy": "score-v1",
    }
    return WaveClosed(**(defaults | rest))


def observation(number: int, indicator: AgreedIndicator, *, value: Decimal | int, **rest: Json) -> ObservationRecorded:
    """An actual value of an agreed indicator."""
    defaults: dict[str, Any] = {
        "observation_id": ident(5, number),
        "contract_id": CONTRACT,
        "region": REGION,
        "indicator_id": indicator.indicator_id,
        "indicator_code": indicator.code,
        "value": Decimal(value),
        "observed_on": date(2026, 5, 1),
        "recorded_at": AT,
    }
    return ObservationRecorded(**(defaults | rest))


def entry(number: int, kind: str, *, amount: Decimal | int, **rest: Json) -> LedgerPosted:
    """An entry of the ledger."""
    defaults: dict[str, Any] = {
        "entry_id": ident(6, number),
        "contract_id": CONTRACT,
        "region": REGION,
        "kind": kind,
        "amount": Decimal(amount),
        "currency": "CNY",
        "booked_on": date(2026, 6, 1),
        "recorded_at": AT,
    }
    return LedgerPosted(**(defaults | rest))


def acceptance(number: int, *, accepted_value: Decimal | int, **rest: Json) -> AcceptanceRecorded:
    """An acceptance with the recipients' opinion."""
    defaults: dict[str, Any] = {
        "acceptance_id": ident(7, number),
        "contract_id": CONTRACT,
        "region": REGION,
        "result": "accepted",
        "accepted_on": date(2026, 7, 1),
        "accepted_value": Decimal(accepted_value),
        "currency": "CNY",
        "opinion": RecipientsOpinion(kind="onSite", people=12, satisfied=10),
        "recorded_at": AT,
    }
    return AcceptanceRecorded(**(defaults | rest))


def renamed(events: Iterable[EventData], salt: UUID) -> list[EventData]:
    """The same events about other things: every id is changed in the same way."""

    def walk(value: Json) -> Json:
        if isinstance(value, dict):
            return {key: walk(each) for key, each in value.items()}
        if isinstance(value, list):
            return [walk(each) for each in value]
        if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
            return str(UUID(int=UUID(value).int ^ (salt.int & ~0xFFFF)))
        return value

    return [type(event).model_validate(walk(event.model_dump(mode="json"))) for event in events]


INDICATORS = ("output", "O1", "100"), ("benefit", "B1", "80"), ("satisfaction", "S1", "90")


def complete_history(**terms: Json) -> list[EventData]:
    """A contract that was completed with every piece of evidence; simulated."""
    active = state("active", version=2, **terms)
    output, benefit, _ = active.indicators
    return [
        active,
        observation(1, output, value=90),
        observation(2, benefit, value=80),
        entry(1, "payment", amount=114_000),
        entry(2, "acceptance", amount=120_000),
        acceptance(1, accepted_value=120_000),
        state("completed", version=3, **terms),
        closed_wave(1, kind="completion", index=81.0),
    ]


def state(name: str, *, version: int, **terms: Json) -> ContractState:
    """One state event of a contract that agreed one indicator per level."""
    indicators: Sequence[AgreedIndicator] = terms.pop("indicators", None) or tuple(
        agreed(number, level, code, target=target) for number, (level, code, target) in enumerate(INDICATORS, 1)
    )
    cls = STATES.get(name, ContractActivated)
    defaults: dict[str, Any] = {
        "contract_id": CONTRACT,
        "region": REGION,
        "title": "a simulated contract",
        "simulated": True,
        "service_category": "A05",
        "purchaser": PartyRef(organisation_id=ident(4, 1), name="a simulated purchaser"),
        "provider": PartyRef(organisation_id=ident(4, 2), name="a simulated provider"),
        "value": Decimal("120000.00"),
        "tenderers": 3,
        "milestones": (
            MilestoneState(
                milestone_id=ident(3, 1),
                code="M1",
                title="whole service",
                kind="delivery",
                percentage=Decimal(100),
                due_on=date(2026, 6, 1),
                status="met",
                met_on=date(2026, 6, 10),
            ),
        ),
        "needs_basis": NeedsBasis(kind="wave"),
        "indicators": tuple(indicators),
    }
    return cls(state=name, version=version, **(defaults | terms))


def agreed(number: int, level: str, code: str, *, target: str, **rest: Json) -> AgreedIndicator:
    defaults: dict[str, Any] = {"aspect": "quantity", "unit": "%", "direction": "higher", "weight": Decimal(1)}
    return AgreedIndicator(
        indicator_id=ident(2, number),
        code=code,
        name=f"indicator {code}",
        level=level,
        target=Decimal(target),
        **(defaults | rest),
    )
