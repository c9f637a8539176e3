"""Simulated facts about contracts for the tests of scoring: event payloads, drawn by hypothesis or written out."""

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

__all__ = ["facts_of", "histories", "ident", "received", "rows_of", "state"]

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
    import json  # noqa: PLC0415

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
            target=draw(figure(0, 120)),
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
    for n, indicator in enumerate(states[0].indicators * 2):
        if draw(st.booleans()):
            events.append(
                ObservationRecorded(
                    observation_id=ident(5, n),
                    contract_id=CONTRACT,
                    region=REGION,
                    indicator_id=indicator.indicator_id,
                    indicator_code=indicator.code,
                    value=draw(figure(0, 200)),
                    observed_on=draw(st.sampled_from([date(2026, 5, 1), date(2026, 6, 1)])),
                    supersedes=draw(st.sampled_from([None, ident(5, n - 1), ident(5, n + 1)])),
                    recorded_at=AT + timedelta(milliseconds=draw(st.integers(0, 3)) * 500),
                )
            )
    for n in range(draw(st.integers(0, 5))):
        kind = draw(
            st.sampled_from(["payment", "payment", "deduction", "refund", "reversal", "commitment", "acceptance"])
        )
        events.append(
            LedgerPosted(
                entry_id=ident(6, n),
                contract_id=CONTRACT,
                region=REGION,
                kind=kind,
                amount=draw(figure(0, int(value))),
                currency=draw(st.sampled_from(["CNY", "CNY", "CNY", "EUR"])),
                booked_on=date(2026, 6, 1),
                reverses=ident(6, draw(st.integers(0, 5))) if kind == "reversal" else None,
                recorded_at=AT,
            )
        )
    for n in range(draw(st.integers(0, 2))):
        events.append(
            AcceptanceRecorded(
                acceptance_id=ident(7, n),
                contract_id=CONTRACT,
                region=REGION,
                result=draw(st.sampled_from(["accepted", "partlyAccepted", "rejected"])),
                accepted_on=date(2026, 7, 1),
                accepted_value=draw(figure(0, int(value))),
                currency="CNY",
                opinion=draw(st.none() | st.just(RecipientsOpinion(kind="onSite", people=12, satisfied=10))),
                recorded_at=AT,
            )
        )
    for n in range(draw(st.integers(0, 3))):
        events += [wave(draw, n, version) for version in range(2, draw(st.integers(2, 3)) + 1)]
    return events


def wave(draw: st.DrawFn, number: int, version: int) -> WaveClosed:
    status = draw(st.sampled_from(["ok", "ok", "caution", "unreliable", "suppressed"]))
    index = draw(st.floats(0, 100) | st.sampled_from([87.5, 90.0, 0.0]))
    return WaveClosed(
        wave_id=ident(8, number),
        version=version,
        contract_id=CONTRACT,
        region=REGION,
        simulated=True,
        kind=draw(st.sampled_from(["midterm", "completion", "followUp"])),
        instrument_id="satisfaction",
        instrument_version="1.0.0",
        instrument_sha256="0" * 64,
        design="census",
        opens_at=AT,
        closes_at=AT,
        closed_at=AT + timedelta(days=draw(st.integers(0, 2))),
        n=120,
        response_rate=0.5,
        estimates=(
            Estimate(item="overall", measure="top2", estimate=0.9, status="ok"),
            Estimate(
                item="overall",
                measure="index100",
                estimate=None if status == "suppressed" else index,
                status=status,
            ),
        ),
        policy="score-v1",
    )


def state(name: str, *, version: int, **terms: Any) -> ContractState:
    """One state event of a contract that agreed one indicator per level."""
    indicators: Sequence[AgreedIndicator] = terms.pop("indicators", None) or (
        agreed(1, "output", "O1", target="100"),
        agreed(2, "benefit", "B1", target="80"),
        agreed(3, "satisfaction", "S1", target="90"),
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
        "needs_basis": NeedsBasis(kind="wave"),
        "indicators": tuple(indicators),
    }
    return cls(state=name, version=version, **(defaults | terms))


def agreed(number: int, level: str, code: str, *, target: str, **rest: Any) -> AgreedIndicator:
    defaults: dict[str, Any] = {"aspect": "quantity", "unit": "%", "direction": "higher", "weight": Decimal(1)}
    return AgreedIndicator(
        indicator_id=ident(2, number),
        code=code,
        name=f"indicator {code}",
        level=level,
        target=Decimal(target),
        **(defaults | rest),
    )
