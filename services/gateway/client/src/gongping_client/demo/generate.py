"""The seeded generator of the demonstration's contracts: plausible, in several provinces, and clearly not real."""

import random
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from gongping_client.demo import sizes
from gongping_client.demo.answers import draw_answers
from gongping_client.demo.dataset import Dataset, DemoContract, DemoOrganisation, Stage
from gongping_client.demo.execution import execute
from gongping_client.demo.indicators import agree_indicators, observe
from gongping_client.demo.places import PLACES, Place
from gongping_client.demo.services import SERVICES, WORDS, Service
from gongping_client.demo.uscc import simulated_uscc
from gongping_client.models import AgreedMilestone, ContractTerms, NeedsBasis

__all__ = ["DEFAULT_COUNT", "DEFAULT_SEED", "generate_contract", "generate_dataset"]

DEFAULT_SEED = 20201
DEFAULT_COUNT = 24
_STAGES: tuple[Stage, ...] = ("answered", "answered", "active", "completed")
_CENT = Decimal("0.01")


def generate_dataset(*, seed: int = DEFAULT_SEED, count: int = DEFAULT_COUNT, as_of: date) -> Dataset:
    """The whole data set; the same arguments give the same document, byte for byte.

    Args:
        seed: of the generator.
        count: how many contracts.
        as_of: the day on which the data set is told; no date in it is later, except ends of contracts in force.
    """
    random_ = random.Random(seed)  # noqa: S311 - repeatable on purpose, no secret
    maker = _Maker(random_, as_of)
    contracts = tuple(maker.contract(f"DEMO-{number:04d}", _STAGES[number % 4]) for number in range(1, count + 1))
    return Dataset(seed=seed, as_of=as_of, organisations=tuple(maker.organisations.values()), contracts=contracts)


def generate_contract(*, seed: int = DEFAULT_SEED, key: str, as_of: date) -> Dataset:
    """A data set of one contract whose story goes to its end, for the main job."""
    maker = _Maker(random.Random(seed), as_of)  # noqa: S311 - see above
    contract = maker.contract(key, "answered")
    return Dataset(seed=seed, as_of=as_of, organisations=tuple(maker.organisations.values()), contracts=(contract,))


class _Maker:
    """Draws contracts one after the other and remembers the organisations."""

    def __init__(self, random_: random.Random, as_of: date) -> None:
        self.random = random_
        self.as_of = as_of
        self.organisations: dict[str, DemoOrganisation] = {}

    def contract(self, key: str, stage: Stage) -> DemoContract:
        random_ = self.random
        place, service = random_.choice(PLACES), random_.choice(SERVICES)
        purchaser = self._organisation(f"{place.county}{service.bureau}", "11", ("purchaser",), place)
        provider = self._organisation(
            f"{place.county}{random_.choice(WORDS)}{service.provider}", service.provider_kind, ("provider",), place
        )
        quality = random_.betavariate(7, 2.6)
        terms = self._terms(service, key, stage)
        starts_on, ends_on = terms.starts_on or self.as_of, terms.ends_on or self.as_of
        told_on = min(ends_on, self.as_of)
        progress = (told_on - starts_on).days / max((ends_on - starts_on).days, 1)
        execution = execute(random_, terms, key=key, quality=quality, told_on=told_on, finished=stage != "active")
        people = round((terms.beneficiary_population or 0) * random_.uniform(0.55, 0.75))
        return DemoContract(
            key=key,
            title=f"【模拟】{place.city}{place.county}{service.name}",
            summary=f"simulated: {service.name_en} in {place.county}, {place.city}",
            region=place.region,
            region_name=f"{place.province}{place.city}{place.county}",
            purchaser=purchaser.key,
            provider=provider.key,
            stage=stage,
            terms=terms,
            observations=observe(random_, terms.indicators, quality=quality, progress=progress, observed_on=told_on),
            ledger=execution.ledger,
            acceptance=execution.acceptance,
            settlement=execution.settlement,
            reports=execution.reports,
            answers=draw_answers(random_, quality=quality, people=people) if stage == "answered" else (),
        )

    def _organisation(self, name: str, kind: str, roles: tuple[str, ...], place: Place) -> DemoOrganisation:
        known = self.organisations.get(name)
        if known is not None:
            return known
        made = DemoOrganisation(
            key=f"DEMO-ORG-{place.code}-{name}",
            name=f"【模拟】{place.city}{name}",
            # The number is taken from the name, so that every data set gives an organisation the same code.
            uscc=simulated_uscc(kind, division=place.code, number=_stable(name)),
            roles=roles,
            seat=place.region,
        )
        self.organisations[name] = made
        return made

    def _terms(self, service: Service, key: str, stage: Stage) -> ContractTerms:
        random_ = self.random
        value = sizes.draw_money(random_)
        unit_cost = Decimal(random_.randint(*service.unit_cost))
        units = max(10, int(value / unit_cost))
        term = min(max(round(sizes.draw(random_, sizes.TERM_DAYS)), 30), 1_095)
        if stage == "active":
            starts_on = self.as_of - timedelta(days=round(term * random_.uniform(0.35, 0.8)))
        else:
            starts_on = self.as_of - timedelta(days=term + random_.randint(5, 60))
        ends_on = starts_on + timedelta(days=term)
        signed_on = starts_on - timedelta(days=random_.randint(1, 14))
        ratio = Decimal(str(round(min(sizes.draw(random_, sizes.VALUE_TO_BUDGET), 1.0), 4)))
        middle = starts_on + (ends_on - starts_on) / 2
        return ContractTerms(
            contract_number=f"模拟-{signed_on.year}-{key}",
            service_category=service.category,
            value=value,
            budget=(value / max(ratio, Decimal("0.5"))).quantize(_CENT, rounding=ROUND_HALF_EVEN),
            signed_on=signed_on,
            starts_on=starts_on,
            ends_on=ends_on,
            procurement_method=random_.choice(("open", "open", "selective", "limited")),
            tenderers=max(1, sizes.TENDERERS_MEDIAN + random_.choice((-1, 0, 0, 0, 1, 2))),
            beneficiary_population=random_.randint(120, 260),
            needs_basis=NeedsBasis(
                kind="document", reference=f"【模拟】需求论证〔{signed_on.year}〕{random_.randint(1, 99)}号"
            ),
            indicators=agree_indicators(random_, service, units=units, unit_cost=unit_cost),
            milestones=(
                AgreedMilestone(code="D1", title="中期服务交付", percentage=Decimal(50), due_on=middle),
                AgreedMilestone(code="D2", title="全部服务交付并提交总结", percentage=Decimal(50), due_on=ends_on),
                AgreedMilestone(
                    code="F1", title="合同签订后首付款", kind="financing", percentage=Decimal(30), due_on=starts_on
                ),
                AgreedMilestone(
                    code="F2", title="中期考核合格付款", kind="financing", percentage=Decimal(40), due_on=middle
                ),
                AgreedMilestone(
                    code="F3", title="验收合格后尾款", kind="financing", percentage=Decimal(30), due_on=ends_on
                ),
            ),
        )


def _stable(name: str) -> int:
    """Six digits that depend on the name alone (a checksum; `hash` differs from run to run)."""
    total = 0
    for character in name:
        total = (total * 131 + ord(character)) % 999_983
    return total
