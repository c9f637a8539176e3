"""What a report says, as it is stored with it: every figure that its pages, tables and charts show."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

__all__ = [
    "AnnualReport",
    "Chance",
    "ContractReport",
    "Determined",
    "EquityFigures",
    "EvidenceLine",
    "FunnelFigures",
    "FunnelUnit",
    "GateLine",
    "Inequality",
    "Line",
    "Named",
    "PartCertainty",
    "SoftenedTarget",
    "StateTotal",
    "Step",
    "TargetLine",
    "Total",
    "UseTotal",
    "in_language",
]

Title = dict[str, str]
"""A text in English (en) and Chinese (zh)."""


def in_language(text: str | Title, language: str) -> str:
    """A text in a language; one that was stored in one language only stands in every one."""
    return text if isinstance(text, str) else text[language]


class Content(BaseModel):
    """Base of what is stored; figures are decimal strings with six places, as they are hashed."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Named(Content):
    """A grade or a source with its share."""

    code: str
    title: Title
    minimum: str


class Line(Content):
    """A node of the framework: what it was worth, what it earned, why."""

    path: str
    depth: int
    title: Title
    weight: str
    points: str
    lost: str
    normalised: str | None
    raw: str | None
    unit: str | None
    target: str | None
    state: str | None
    accountable: str | None
    over_attained: bool
    source: str | None


class EvidenceLine(Content):
    """An item of evidence that the score rests on."""

    id: UUID
    kind: str
    sha256: str


class GateLine(Content):
    """A gate of the framework that stood in the way of a better grade."""

    code: str
    node: str
    cap: str
    value: str
    reason: str | Title
    """In one text in reports of earlier releases, and so are `title` and `below` null."""
    title: Title | None = None
    below: str | None = None


class Step(Content):
    """What should be measured next: points at stake, or the share of the evidence's variance that would go."""

    action: str
    nodes: list[str]
    points: str | None
    reduces: str | None


class Chance(Content):
    """The probability of a grade, 0-1."""

    grade: str
    probability: str


class PartCertainty(Content):
    """How sure a sub-score is, by the draws of its own leaves: 95 % interval in points, and label."""

    low: str
    high: str
    label: str


class SoftenedTarget(Content):
    """What an agreed target lay short of when it was determined, or lies short of now, and why it was agreed."""

    against: str
    median_target: str
    median_result: str | None
    reason: str | None
    unit_before: str | None = None
    """Unit of `median_target` where it is not the target's own."""


class TargetLine(Content):
    """An agreed target beside what earlier contracts of the service agreed and reached, when the report was made."""

    name: str
    unit: str
    target: str
    compared_with: str | None
    targets: int
    median_target: str | None
    results: int
    reached: str | None
    """Share of past results that would have met it, 0-1."""
    flags: list[str]
    softened: SoftenedTarget | None = None


class Determined(Content):
    """The signed act that the report is about."""

    id: UUID
    document_number: str
    signed_by: str | None
    issued_at: datetime
    evidence_cutoff: datetime
    effective_at: datetime | None
    binding: bool | None
    point_grade: str | None
    capped_by: list[str]
    replaces: UUID | None
    reason: str | None


class ContractReport(Content):
    """The evaluation report of a contract; without `determined` it is provisional."""

    number: str | None
    region: str
    simulated: bool
    contract_id: UUID
    contract_title: str | None
    service_category: str | None
    category_name: tuple[str, str, str | None] | None = None
    """Entry of the catalogue in force when it was agreed: code, Chinese and English name; None: no recorded edition
    has it, or the report was issued by an earlier release."""
    purchaser_id: UUID | None
    provider_id: UUID | None
    # As the contract named them when the report was made; null in reports of earlier releases.
    purchaser_name: str | None = None
    provider_name: str | None = None
    value: str | None
    currency: str | None
    framework_id: str
    framework_version: str
    framework_hash: str
    framework_title: Title
    framework_source: str | Title
    """In one text in reports of earlier releases."""
    stage: str
    score: str
    lower: str
    upper: str
    grade: str
    coverage: str
    held: list[str]
    grades: list[Named]
    lines: list[Line]
    gates: list[GateLine]
    ungated_score: str | None
    median: str | None
    interval: tuple[str, str] | None
    label: str | None
    chances: list[Chance]
    shares: dict[str, str | None] = {}
    """Share of the variance by kind (sampling, rater, weight, method), 0-1; null: nothing is stated about it."""
    steps: list[Step] = []
    provider_score: str | None
    provider_grade: str | None
    purchaser_score: str | None
    purchaser_grade: str | None
    part_certainty: dict[str, PartCertainty] = {}
    """Of provider and purchaser, where something is their own."""
    evaluator_dependent: bool | None = None
    targets: list[TargetLine] = []
    evidence: list[EvidenceLine]
    content_hash: str
    chain_hash: str
    score_version: int
    recorded_at: datetime
    determined: Determined | None
    made_at: datetime
    verify_at: str

    def for_everybody(self) -> "ContractReport":
        """Without the name of who signed, as published determinations are read."""
        if self.determined is None:
            return self
        return self.model_copy(update={"determined": self.determined.model_copy(update={"signed_by": None})})

    def node_title(self, path: str, language: str) -> str:
        """Name of a node of the framework; its path where the report has no line of it."""
        return next((line.title[language] for line in self.lines if line.path == path), path)

    def gate_title(self, code: str, language: str) -> str:
        """What people call a gate; its code in reports of earlier releases."""
        gate = next((each for each in self.gates if each.code == code), None)
        return code if gate is None or gate.title is None else gate.title[language]

    def grade_title(self, code: str | None, language: str) -> str:
        """Name of a grade in a language; its code where the framework does not know it."""
        return next((each.title[language] for each in self.grades if each.code == code), code or "")


class Total(Content):
    """Determinations that are alike: how many, and the mean of their scores (points of 100)."""

    code: str
    number: int
    mean: str | None


class UseTotal(Content):
    """Consequences of one kind: how many were demanded and applied, the rate among those that could be, overdue."""

    code: str
    opened: int
    applied: int
    rate: str | None
    overdue: int


class StateTotal(Content):
    """Rectifications or appeals in one state."""

    code: str
    number: int
    overdue: int


class Inequality(Content):
    """How an amount per head differs between regions, weighted by people."""

    regions: int
    mean: str
    gini: str
    theil: str
    ratio: str | None
    """Highest over lowest."""


class EquityFigures(Content):
    """Equity between the regions below; scores under the framework and stage with the most determinations."""

    framework_id: str
    stage: str
    level: str
    regions: int
    refused: str | None
    raw_variance: str | None
    adjusted_variance: str | None
    """Between-region variance less the error of the regions' means, squared points."""
    between_sd: str | None
    widest: str | None
    """Gap between the highest and the lowest estimate, points."""
    widest_error: str | None
    highest: str | None
    lowest: str | None
    money: Inequality | None
    coverage: Inequality | None
    third_party: str | None
    """Share of contracts that a third party evaluated, 0-1."""


class FunnelUnit(Content):
    """A provider against the limits of chance: its share of poor results in per cent, and whether it lies outside."""

    unit: str
    name: str | None = None
    results: int
    value: str
    outside: str | None
    limits: tuple[str, str, str, str]
    """99.8 % low, 95 % low, 95 % high, 99.8 % high, in per cent."""


class FunnelFigures(Content):
    """The funnel of the providers under the framework and stage with the most determinations."""

    framework_id: str
    stage: str
    refused: str | None
    target: str | None
    units: list[FunnelUnit]
    peers: int | None = None
    """Providers that could be compared; null in reports of earlier releases."""


class AnnualReport(Content):
    """What a region did with its evaluations in a year; counts are of determinations signed in the year that stand."""

    number: str
    region: str
    year: int
    simulated: bool
    made_at: datetime
    contracts: int
    scored: int
    determined: int
    frameworks: list[Total]
    stages: list[Total]
    grades: list[Total]
    labels: list[Total]
    months: list[Total]
    years: list[Total]
    parts: list[Total]
    uses: list[UseTotal]
    rectifications: list[StateTotal]
    appeals: list[StateTotal]
    funnel: FunnelFigures | None
    equity: EquityFigures | None = None
    grade_titles: dict[str, Title]
    framework_titles: dict[str, Title]
    verify_at: str
