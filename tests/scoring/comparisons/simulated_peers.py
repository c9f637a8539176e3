"""Twelve simulated providers with their contracts and determinations, and how the comparisons are asked for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from tests.scoring.cases import acceptance, agreed, entry, ident, observation, state
from tests.scoring.conftest import SELF, Scoring

from shared.events import EventData, PartyRef

PROVIDERS = 12
BASE = "/v1/comparisons"
GROUP = {"framework_id": SELF, "simulated": "true"}
SERVED = datetime(2026, 9, 1, tzinfo=UTC)
COUNTIES = tuple(f"CN-2301{n:02d}" for n in range(2, 8))
ABROAD = "CN-310101"  # outside the province of all others
PATHS: dict[str, dict[str, str]] = {
    "providers": {},
    "regions": {},
    "funnel": {},
    "ranks": {},
    "chart": {"unit": str(ident(4, 102))},
    "equity": {"year": "2026"},
    "efficiency": {"service_category": "A05"},
}


def county(provider: int) -> str:
    return ABROAD if provider == PROVIDERS - 1 else COUNTIES[provider % len(COUNTIES)]


def contract_id(provider: int, year: int) -> UUID:
    return ident(1, 10 * provider + year - 2020)


def terms(provider: int, year: int) -> list[EventData]:
    """A contract with its quantity; the first four providers' were delivered, accepted and paid."""
    salt = 100 * provider + year - 2000
    output = agreed(1, "output", "O1", target="100", unit="meal").model_copy(update={"indicator_id": ident(2, salt)})
    own: dict[str, Any] = {"contract_id": contract_id(provider, year), "region": county(provider)}
    found: list[EventData] = [
        state(
            "active",
            version=2,
            provider=PartyRef(organisation_id=ident(4, 100 + provider), name="a simulated provider"),
            purchaser=PartyRef(organisation_id=ident(4, 200 + provider), name="a simulated purchaser"),
            signed_on=date(year, 1, 5),
            starts_on=date(year, 2, 1),
            value=Decimal(1000 * (provider + 1)),
            beneficiary_population=50,
            indicators=(output,),
            **own,
        )
    ]
    if provider < 4:
        found += [
            observation(salt, output, value=100 + 10 * provider, **own),
            entry(salt, "payment", amount=1000 * (provider + 1), **own),
            acceptance(salt, accepted_value=1000 * (provider + 1), **own),
        ]
    return found


_DETERMINE = text(
    """
    INSERT INTO determinations (id, contract_id, region, framework_id, framework_version, framework_hash, stage,
        score_version, score, grade, coverage, content_hash, chain_hash, simulated, purchaser_id, provider_id,
        evidence_cutoff, document_number, signed_by, issued_at, provider_score, purchaser_score)
    VALUES (:id, :contract_id, :region, :framework_id, '1.0.0', repeat('a', 64), 'completion',
        1, :score, 'good', 1, repeat('b', 64), repeat('c', 64), true, :purchaser_id, :provider_id,
        :at, 'simulated', 'officer-7', :at, :provider_score, 70)
    """
)
_ACT = text(
    """
    INSERT INTO determination_acts (id, determination_id, kind, acted_at, effective_at, party, method, proof,
        recorded_by, recorded_at, region)
    SELECT :id, id, :kind, :at, :effective_at, :party, :method, CAST(:proof AS json), 'officer-7', :at, region
    FROM determinations WHERE id = :determination_id
    """
)


def served(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": ident(21, number),
        "determination_id": ident(20, number),
        "kind": "service",
        "at": at,
        "effective_at": at,
        "party": "provider",
        "method": "inPerson",
        "proof": "{}",
    }


def act(number: int, kind: str) -> dict[str, Any]:
    nothing = {"effective_at": None, "party": None, "method": None, "proof": None}
    return {"id": ident(22 if kind == "publication" else 23, number), "kind": kind, "at": SERVED} | {
        "determination_id": ident(20, number),
        **nothing,
    }


async def seed(scoring: Scoring) -> None:
    """A contract of each provider in each of three years, determined and served; six providers' are published.

    The determinations are written straight into the table, because a comparison needs dozens; how they come about is
    shown by the tests of that slice.
    """
    events, rows, acts = [], [], []
    for provider in range(PROVIDERS):
        for year, offset in ((2024, -4.0), (2025, 0.0), (2026, 4.0)):
            number = 10 * provider + year - 2020
            at = SERVED - timedelta(days=365 * (2026 - year))
            events += terms(provider, year)
            rows.append(
                {
                    "id": ident(20, number),
                    "contract_id": contract_id(provider, year),
                    "region": county(provider),
                    "framework_id": SELF,
                    "score": Decimal(str(58 + 3 * provider + offset)),
                    "provider_score": Decimal(str(60 + 3 * provider + offset)),
                    "purchaser_id": ident(4, 200 + provider),
                    "provider_id": ident(4, 100 + provider),
                    "at": at,
                }
            )
            acts.append(served(number, at))
            if provider < 6:
                acts.append(act(number, "publication"))
    # An appeal withholds one that was published, and one more was not served.
    acts.append(act(5, "suspension"))
    rows.append(rows[-1] | {"id": ident(20, 999), "contract_id": ident(1, 999), "provider_score": Decimal(1)})
    await scoring.hear(*events)
    async with scoring.database.transaction() as session:
        await session.execute(_DETERMINE, rows)
        await session.execute(_ACT, acts)
