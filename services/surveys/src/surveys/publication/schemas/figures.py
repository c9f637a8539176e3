"""The figures of a publication over HTTP."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from shared.web import Out
from surveys.publication.queries import ReleaseEntry, WaveRelease

__all__ = ["STATUS", "Labels", "PublicationOut", "publication_out"]

STATUS = "ok | caution (shown with reasons) | unreliable (not shown) | suppressed (fewer than ten)."
Labels = dict[str, str]


class FigureOut(Out):
    """One measure of one question after the gate; numbers are null where the gate does not let them pass."""

    item: str = Field(description="Code of the question; `overall` is the headline.")
    measure: str = Field(description="top2 | top1 | bottom2 | index100 | nps | ces | share (of an option).")
    option: str | None = Field(description="Code of the option for a share; null otherwise.")
    question: Labels = Field(description="Wording per language (BCP 47).")
    option_label: Labels | None = Field(description="Label of the option per language.")
    scale: tuple[float, float] = Field(description="Worst and best possible value: 0-1 for shares, 0-100 for index100.")
    text: str | None = Field(
        description="The figure as it is to be written: whole per cent or whole points, `> 94 %` where all agreed.",
        examples=["45 %", "> 94 %"],
    )
    estimate: float | None = Field(description="On the scale; null also where all or nobody agreed (see text).")
    ci_low: float | None = Field(description="Lower limit of the interval, on the scale; null for an open link.")
    ci_high: float | None = Field(description="Upper limit of the interval, on the scale; null for an open link.")
    ci_method: str | None = Field(description="korn-graubard | wilson | t | bounds.")
    unweighted: float | None = Field(description="The same measure without weights.")
    bounds_low: float | None = Field(description="Lowest possible value, whatever the silent would have said.")
    bounds_high: float | None = Field(description="Highest possible value, likewise (Manski).")
    n: int | None = Field(description="Answers; null below ten and where they are 1-9 fewer than all answers.")
    status: str = Field(description=STATUS)
    reasons: list[str] = Field(description="Why it is not `ok`.")


class ChangeOut(Out):
    """A change since the last comparable wave."""

    item: str
    measure: str
    change: float = Field(description="This wave less the previous one, on the measure's scale.")
    ci_low: float
    ci_high: float
    p_holm: float = Field(description="p of no change, adjusted for the number of measures compared (Holm).")


class LedgerRootOut(Out):
    """The ledger's root within a publication."""

    root: str | None = Field(description="Root of the Merkle tree, hexadecimal.")
    size: int | None = Field(description="Answers in the ledger.")


class ReleaseOut(Out):
    """A release in the list."""

    number: int = Field(description="1 for the first.")
    result_revision: int = Field(description="The revision of the results that it rests on.")
    sha256: str = Field(description="Hash of its documents (RFC 8785).")


class WeightsOut(Out):
    """How the answers were weighted."""

    method: str | None = Field(description="none | base | raking.")
    margins: list[str] = Field(description="Names of the margins that were met.")
    margins_sha256: str | None = Field(description="Hash of the margins with their population counts.")
    deff: float | None = Field(description="Kish's design effect of the weights.")
    n_eff: float | None = Field(description="Answers divided by it.")
    trimmed_share: float | None = Field(description="Share of the answers whose weight was held at a limit, 0-1.")


class PublicationOut(Out):
    """What everybody may see of a closed wave."""

    wave_id: UUID = Field(description="The wave.")
    release: int = Field(description="Number of this release; releases are never changed.")
    releases: list[ReleaseOut] = Field(description="All releases of the wave.")
    sha256: str = Field(description="Hash of this release's documents (RFC 8785).")
    published_at: datetime = Field(description="When it was published.")
    policy: str = Field(description="The gate: publish-v1.")
    result_revision: int = Field(description="Revision of the results behind it.")
    results_sha256: str = Field(description="Hash of these results and of what they were computed from.")
    contract_id: UUID = Field(description="The contract whose recipients were asked.")
    contract_title: str = Field(description="What was bought.")
    provider_name: str | None = Field(description="Who delivers it.")
    purchaser_name: str | None = Field(description="Who buys it.")
    region: str = Field(description="`<country>-<code>`, GB/T 2260 for China.")
    simulated: bool = Field(description="True: contract and answers are made up for demonstration.")
    kind: str = Field(description="needs | midterm | completion | followUp.")
    design: str = Field(description="census | probability | open_link; an open link has no margin of error.")
    supervised_by_provider: bool = Field(description="The provider chose who was asked or stood by.")
    target_population: str | None = Field(description="Who was asked, in words.")
    instrument_id: str = Field(description="Code of the questionnaire.")
    instrument_version: str = Field(description="Version of the questionnaire.")
    instrument_sha256: str = Field(description="Hash of the questionnaire.")
    instrument_title: Labels = Field(description="Title of the questionnaire per language.")
    opened_on: date = Field(description="First day of the wave.")
    closed_on: date | None = Field(description="Day on which the answers were frozen.")
    population: int | None = Field(description="N, recipients in the frame; null when unknown.")
    n: int | None = Field(description="Answers; null when there are fewer than ten.")
    fewer_than: int | None = Field(description="10 when there are fewer answers (or recipients); null otherwise.")
    response_rate: float | None = Field(description="AAPOR RR1, share 0-1; null without a frame.")
    r_indicator: float | None = Field(description="How much respondents resemble the frame, 0-1; null when unknown.")
    weights: WeightsOut | None = Field(description="How the answers were weighted; null below ten answers.")
    flagged_share: str | None = Field(description="Share of answers with a quality flag; null for 1-9 of them.")
    level: float = Field(description="Confidence level of the intervals.")
    headline: FigureOut | None = Field(description="The satisfied among the answers to the headline question.")
    items: list[FigureOut] = Field(description="Every measure of every question.")
    no_opinion: dict[str, str | None] = Field(description="Share without an opinion; null where they are 1-9 persons.")
    changes: list[ChangeOut] = Field(description="Against the last wave with the same questionnaire, population, mode.")
    breakdowns: list[str] = Field(
        description="Tables of this release by their variables.", examples=[["sex", "age,sex"]]
    )
    ledger: LedgerRootOut = Field(description="The ledger that receipts are checked against.")


def publication_out(release: WaveRelease, releases: list[ReleaseEntry]) -> PublicationOut:
    """A release as everybody sees it."""
    return PublicationOut.model_validate(
        release.document | {"sha256": release.sha256, "published_at": release.published_at, "releases": releases}
    )
