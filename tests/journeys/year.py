"""A simulated year of a province: organisations, contracts of three departments, what its treasury paid.

Everything is made from a seed and marked as simulated; nothing here is a real organisation, contract or payment. Sizes
and shares follow the real contracts that `docs/performance.md` names only loosely: what matters is that every expected
figure of the journey can be summed up from this one description.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from contracts.organisations.uscc import ALPHABET, inner_check, outer_check

__all__ = ["DEPARTMENTS", "Deal", "Organisation", "Payment", "Year", "make_year"]

REGIONS = ("230102", "230103", "230104", "230108", "230109", "230110")
DEPARTMENTS = {"civil-affairs": ("A04", "A10"), "education": ("A02", "A03"), "health": ("A05",)}
METHODS = ("open", "selective", "limited", "direct")


@dataclass(frozen=True)
class Organisation:
    """A simulated organisation."""

    name: str
    uscc: str
    role: str


@dataclass(frozen=True)
class Payment:
    """What the treasury paid for a contract."""

    number: str
    paid_on: date
    amount: Decimal


@dataclass(frozen=True)
class Deal:
    """A contract as its department's register has it."""

    number: str
    title: str
    department: str
    region: str
    purchaser: Organisation
    provider: Organisation
    category: str
    method: str
    value: Decimal
    budget: Decimal
    signed_on: date
    starts_on: date
    ends_on: date
    tenderers: int
    recipients: int
    payments: tuple[Payment, ...] = field(default=())

    @property
    def paid(self) -> Decimal:
        """Sum of its payments."""
        return sum((payment.amount for payment in self.payments), Decimal(0))


@dataclass(frozen=True)
class Year:
    """The whole."""

    purchasers: tuple[Organisation, ...]
    providers: tuple[Organisation, ...]
    deals: tuple[Deal, ...]

    def of(self, department: str) -> list[Deal]:
        """The deals of one department."""
        return [deal for deal in self.deals if deal.department == department]


def make_year(contracts: int, *, seed: int = 2025) -> Year:
    """A year with so many contracts, evenly over the three departments."""
    random_ = random.Random(seed)
    serial = count(1)
    purchasers = tuple(
        Organisation(f"模拟购买单位{n:03}", _uscc("11", random_, serial), "purchaser")
        for n in range(1, 1 + max(6, contracts // 100))
    )
    providers = tuple(
        Organisation(f"模拟社会服务机构{n:04}", _uscc("52", random_, serial), "provider")
        for n in range(1, 1 + max(30, contracts // 8))
    )
    names = list(DEPARTMENTS)
    vouchers = count(1)
    deals = tuple(
        _deal(n, names[n % 3], random_, purchasers=purchasers, providers=providers, vouchers=vouchers)
        for n in range(contracts)
    )
    return Year(purchasers, providers, deals)


def _uscc(kind: str, random_: random.Random, serial: "count[int]") -> str:
    division = random_.choice(REGIONS)
    body = "".join(random_.choice(ALPHABET[:10]) for _ in range(3)) + f"{next(serial):05}"
    first = f"{kind}{division}{body}"
    first += inner_check(body)
    if first[-1] not in ALPHABET:  # the inner check has an alphabet of its own
        return _uscc(kind, random_, serial)
    return first + outer_check(first)


def _deal(
    n: int,
    department: str,
    random_: random.Random,
    *,
    purchasers: tuple[Organisation, ...],
    providers: tuple[Organisation, ...],
    vouchers: "count[int]",
) -> Deal:
    category = random_.choice(DEPARTMENTS[department])
    # Whole hundreds: a register in 万元 with two decimals must lose nothing.
    value = Decimal(random_.randint(200, 120_000)) * 100
    signed = date(2025, 1, 2) + timedelta(days=random_.randint(0, 150))
    starts = signed + timedelta(days=random_.randint(1, 20))
    ends = min(starts + timedelta(days=random_.randint(60, 300)), date(2025, 12, 31))
    parts = random_.randint(0, 3)
    payments = []
    left = value
    for _ in range(parts):
        amount = (value / 4).quantize(Decimal("0.01"))
        left -= amount
        day = signed + timedelta(days=random_.randint(25, 200))
        payments.append(Payment(f"V{next(vouchers):07}", min(day, date(2025, 12, 31)), amount))
    return Deal(
        number=f"HT-2025-{n + 1:05}",
        title=f"{random_.choice(('居家', '社区', '就业', '健康', '助学'))}服务项目（模拟）{n + 1:05}",
        department=department,
        region=f"CN-{random_.choice(REGIONS)}",
        purchaser=random_.choice(purchasers),
        provider=random_.choice(providers),
        category=category,
        method=random_.choice(METHODS),
        value=value,
        budget=value + Decimal(random_.randint(0, 50)) * 100,
        signed_on=signed,
        starts_on=starts,
        ends_on=ends,
        tenderers=random_.randint(1, 6),
        recipients=random_.randint(20, 5000),
        payments=tuple(payments),
    )
