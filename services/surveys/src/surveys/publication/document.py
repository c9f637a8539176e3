"""What everybody sees of a wave as a whole: each figure after the gate, written so that no number says too much."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared import clock
from surveys.instruments.document import Instrument
from surveys.kernel.intervals import korn_graubard
from surveys.kernel.measures import Measure
from surveys.kernel.publish import Figures, Published, PublishPolicy, percent, publish_gate
from surveys.results.queries import WaveResult
from surveys.results.questions import HEADLINE, Question
from surveys.waves.queries import ContractStub, Wave

__all__ = ["flaws_and_cautions", "item_figures", "public_document"]

# What the estimation found and the gate of publication has to know too; other reasons are the scoring gate's own.
FLAWS = ("weighting-failed-", "no-answers-in-stratum-", "more-answers-than-recipients")
CAUTIONS = ("flagged-answers-matter",)
PARTS = ("estimate", "ci_low", "ci_high", "unweighted", "bounds_low", "bounds_high")
DIGITS = 6


def public_document(
    wave: Wave,
    contract: ContractStub,
    result: WaveResult,
    *,
    instrument: Instrument,
    questions: Sequence[Question],
    policy: PublishPolicy,
    number: int,
    tables: Sequence[str],
) -> dict[str, Any]:
    """The document of a release.

    Below ten answers nothing is told but that there are fewer than ten. The number of answers to an item is null where
    it differs from that of all answers by one to nine: the difference would be published otherwise.
    """
    enough = result.n >= policy.threshold and (wave.population is None or wave.population >= policy.threshold)
    items = item_figures(result, wave, questions, policy) if enough else []
    public = {(each["item"], each["measure"], each["option"]) for each in items if each["status"] in ("ok", "caution")}
    headline = next((each for each in items if each["item"] == HEADLINE and each["measure"] in ("top2", "top1")), None)
    return {
        "wave_id": str(wave.id),
        "release": number,
        "policy": policy.name,
        "result_revision": result.revision,
        "results_sha256": result.sha256,
        "contract_id": str(wave.contract_id),
        "contract_title": contract.title,
        "provider_name": contract.provider_name,
        "purchaser_name": contract.purchaser_name,
        "region": wave.region,
        "simulated": wave.simulated,
        "kind": wave.kind,
        "design": wave.design,
        "supervised_by_provider": result.supervised,
        "target_population": wave.target_population,
        "instrument_id": wave.instrument_id,
        "instrument_version": wave.instrument_version,
        "instrument_sha256": wave.instrument_sha256,
        "instrument_title": dict(instrument.title),
        "opened_on": clock.day_of(wave.opens_at).isoformat(),
        "closed_on": None if wave.closed_at is None else clock.day_of(wave.closed_at).isoformat(),
        "population": wave.population,
        "n": result.n if enough else None,
        "fewer_than": None if enough else policy.threshold,
        "response_rate": _rounded(result.response_rate) if enough else None,
        "r_indicator": _rounded(result.representativity.get("r")) if enough else None,
        "weights": _weights(result.weights) if enough else None,
        "flagged_share": _flagged(result, policy) if enough else None,
        "level": result.level,
        "headline": headline,
        "items": items,
        "no_opinion": _no_opinion(result, policy) if enough else {},
        "changes": [
            {name: change[name] for name in ("item", "measure", "change", "ci_low", "ci_high", "p_holm")}
            for change in result.changes
            if (change["item"], change["measure"], None) in public
        ],
        "breakdowns": list(tables) if enough else [],
        "ledger": {
            "root": None if result.ledger_root is None else result.ledger_root.hex(),
            "size": result.ledger_size,
        },
    }


def item_figures(
    result: WaveResult, wave: Wave, questions: Sequence[Question], policy: PublishPolicy
) -> list[dict[str, Any]]:
    """Every measure of every question but those about the respondent, after the gate."""
    known = _measures(questions)
    found = []
    for estimate in result.estimates:
        key = (estimate["item"], estimate["measure"], estimate.get("option"))
        if key in known:
            question, measure = known[key]
            found.append(_figure(estimate, question, measure, result=result, wave=wave, policy=policy))
    return found


def flaws_and_cautions(result: WaveResult, reasons: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an estimate's own reasons and the wave's say that the gate of publication has to know."""
    flaws = tuple(reason for reason in reasons if reason.startswith(FLAWS))
    cautions = tuple(reason for reason in reasons if reason in CAUTIONS)
    of_wave = tuple(caution.replace("_", "-") for caution in result.cautions)
    supervised = ("provider-supervised",) if result.supervised else ()
    return tuple(dict.fromkeys(flaws)), tuple(dict.fromkeys((*of_wave, *supervised, *cautions)))


def _measures(
    questions: Sequence[Question],
) -> dict[tuple[str, str, str | None], tuple[Question, Measure]]:
    """The question and the measure behind each estimate, by the names that the results use."""
    found = {}
    for question in questions:
        if question.variable.about_respondent:
            continue
        for measure in question.measures:
            option = measure.name if question.shares else question.option
            if option is None and measure.name == "share":
                option = "yes"
            found[question.name, "share" if question.shares else measure.name, option] = question, measure
    return found


def _figure(
    estimate: Mapping[str, Any],
    question: Question,
    measure: Measure,
    *,
    result: WaveResult,
    wave: Wave,
    policy: PublishPolicy,
) -> dict[str, Any]:
    on_scale = {name: _on_scale(estimate.get(name), measure) for name in ("estimate", "ci_low", "ci_high")}
    verdict = _judged(estimate, measure, on_scale, result=result, wave=wave, policy=policy)
    text = None
    values: dict[str, float | None] = dict.fromkeys(PARTS)
    if verdict.public and on_scale["estimate"] is not None:
        low, high = on_scale["ci_low"], on_scale["ci_high"]
        if low is None or high is None:
            low, high = _stand_in(on_scale["estimate"], n=estimate.get("n") or 1, level=result.level)
        text = _text(on_scale["estimate"], low, high, measure)
        values = {name: _rounded(estimate.get(name)) for name in PARTS}
        if not 0 < on_scale["estimate"] < 1:
            # What every single respondent said: only the interval is told.
            values |= dict.fromkeys(("estimate", "unweighted", "bounds_low", "bounds_high"))
    n = estimate.get("n")
    told = verdict.status != "suppressed" and n is not None and _far(result.n - n, policy)
    return {
        "item": estimate["item"],
        "measure": estimate["measure"],
        "option": estimate.get("option"),
        "question": dict(question.variable.text),
        "option_label": _option_label(question, estimate.get("option")),
        "scale": [measure.low, measure.high],
        "text": text,
        **values,
        "ci_method": estimate.get("ci_method") if verdict.public else None,
        "n": n if told else None,
        "status": verdict.status,
        "reasons": list(verdict.reasons),
    }


def _judged(
    estimate: Mapping[str, Any],
    measure: Measure,
    on_scale: Mapping[str, float | None],
    *,
    result: WaveResult,
    wave: Wave,
    policy: PublishPolicy,
) -> Published:
    flaws, cautions = flaws_and_cautions(result, estimate["reasons"])
    point = estimate.get("tipping_point")
    figures = Figures(
        design=wave.design,  # type: ignore[arg-type] # the table's CHECK holds it to the three designs
        n=estimate.get("n") or 0,
        estimate=on_scale["estimate"],
        low=on_scale["ci_low"],
        high=on_scale["ci_high"],
        n_eff=estimate.get("n_eff"),
        df=estimate.get("df"),
        population=wave.population,
        response_rate=result.response_rate,
        weighting=estimate.get("weighting") or 1.0,
        r_indicator=result.representativity.get("r"),
        tipping_point=_on_scale(point, measure),
        measure="share" if (measure.low, measure.high) == (0.0, 1.0) else "index",
        flaws=flaws,
        cautions=cautions,
    )
    return publish_gate(figures, policy)


def _stand_in(estimate: float, *, n: int, level: float) -> tuple[float, float]:
    """Limits that take the place of "all" and "nobody" where there is no interval, as in an open link.

    They are no claim about people who were not asked, and are written only where the number itself would say what every
    single respondent answered.
    """
    limits = korn_graubard(min(1.0, max(0.0, estimate)), 0.0, n=n, df=max(1, n - 1), level=level)
    return limits.low, limits.high


def _text(estimate: float, low: float, high: float, measure: Measure) -> str:
    """The figure as it is written: a share in per cent, another measure as a whole number on its scale."""
    if (measure.low, measure.high) == (0.0, 1.0):
        return percent(estimate, low=low, high=high)
    if estimate <= 0 or estimate >= 1:
        limit = high if estimate <= 0 else low
        return f"{'<' if estimate <= 0 else '>'} {_whole(limit, measure)}"
    return _whole(estimate, measure)


def _whole(share: float, measure: Measure) -> str:
    value = measure.low + share * measure.span
    return f"{value:.0f}" if measure.span >= 20 else f"{value:.1f}"


def _on_scale(value: float | None, measure: Measure) -> float | None:
    return None if value is None else (value - measure.low) / measure.span


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _far(difference: int, policy: PublishPolicy) -> bool:
    """Whether two published numbers of persons may stand beside each other."""
    return difference == 0 or abs(difference) >= policy.threshold


def _no_opinion(result: WaveResult, policy: PublishPolicy) -> dict[str, str | None]:
    """Share without an opinion per item, where neither they nor the others are a handful."""
    found: dict[str, str | None] = {}
    for item, share in result.no_opinion.items():
        silent = 0 if share is None else round(share * result.n)
        apart = _far(silent, policy) and _far(result.n - silent, policy)
        found[item] = percent(share) if share is not None and silent and apart else ("0 %" if silent == 0 else None)
    return found


def _flagged(result: WaveResult, policy: PublishPolicy) -> str | None:
    count = result.quality.get("flagged")
    if count is None or not _far(count, policy):
        return None
    return "0 %" if count == 0 else percent(count / result.n)


def _weights(weights: Mapping[str, Any]) -> dict[str, Any]:
    names = ("method", "margins_sha256", "deff", "n_eff", "trimmed_share")
    return {name: weights.get(name) for name in names} | {
        "margins": [margin["name"] for margin in weights.get("margins") or ()]
    }


def _option_label(question: Question, option: str | None) -> dict[str, str] | None:
    if option is None:
        return None
    labels = {str(code): dict(label) for code, label in question.variable.values.items()}
    return labels.get(option)
