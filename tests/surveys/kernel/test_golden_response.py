"""Outcome rates, representativity and reliability, against AAPOR's definitions, R's glm and `psych`."""

import numpy as np
import pytest
from tests.surveys.kernel.golden_survey import CLOSED_FORM, Floats, beside, column, read_csv, read_json

from surveys.kernel import bounds, rates, reliability
from surveys.kernel.calibration import dummies
from surveys.kernel.representativity import partial_r
from surveys.kernel.weights import Margin

pytestmark = beside

RESIDENCE = ("Copenhagen", "City", "Country")
GENDER = ("male", "female")


def test_aapor_rates() -> None:
    names = {"I": "complete", "P": "partial", "R": "refusal", "NC": "non_contact", "O": "other"}
    names |= {"UH": "unknown_household", "UO": "unknown_other", "e": "eligible_share"}
    for case in read_json("golden_aapor.json"):
        counts = rates.Dispositions(**{names[key]: value for key, value in case["input"].items()})
        found = rates.outcome_rates(counts).as_dict()
        expected = {key.lower(): value for key, value in case["rates"].items()}
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert found[key] == (None if value is None else pytest.approx(value, rel=CLOSED_FORM)), key


def cells() -> tuple[list[dict[str, str]], Floats, Floats]:
    """The twelve rows of the table: residence, gender, and whether they responded."""
    rows = read_csv("danish_nonresponse_table.csv")
    people = column(rows, "Freq")
    return rows, people, np.array([row["response"] == "yes" for row in rows]) * people


def coded(rows: list[dict[str, str]], name: str, categories: tuple[str, ...]) -> Margin:
    codes = np.array([categories.index(row[name]) for row in rows])
    return Margin(name, codes, np.ones(len(categories)))


def test_representativity_of_the_danish_survey() -> None:
    golden = read_json("golden_nonresponse.json")
    rows, people, responded = cells()
    assert people.sum() == golden["n"]
    assert responded.sum() == golden["responded"]
    assert responded.sum() / people.sum() == pytest.approx(golden["RR"], rel=CLOSED_FORM)
    residence, gender = coded(rows, "residence", RESIDENCE), coded(rows, "gender", GENDER)
    plain, _ = dummies([residence, gender])
    crossed = np.column_stack([plain, plain[:, 1:3] * plain[:, 3:4]])
    counts = people.astype(np.int64)
    answered, one = np.repeat((responded > 0).astype(np.float64), counts), np.ones(counts.sum())
    models = {"R_residence": plain[:, :3], "R_residence_gender": plain, "R_saturated": crossed}
    for name, columns in models.items():
        expected = golden[name]
        # R's glm was given a row per person and stops when the deviance changes by less than 1e-8.
        found = bounds.r_indicator(np.repeat(columns, counts, axis=0), answered, one, tolerance=1e-8)
        assert found is not None
        assert found.mean == pytest.approx(expected["mean"], rel=CLOSED_FORM), name
        assert found.sd == pytest.approx(expected["S"], rel=CLOSED_FORM), name
        assert found.indicator == pytest.approx(expected["R"], rel=CLOSED_FORM), name
        assert found.max_bias == pytest.approx(expected["maxbias"], rel=CLOSED_FORM), name
        exact = bounds.r_indicator(columns, responded, people)
        assert exact is not None
        assert exact.indicator == pytest.approx(expected["R"], rel=1e-7), name
        assert exact.mean == pytest.approx(golden["RR"], rel=1e-12), name


def test_partial_representativity() -> None:
    golden = read_json("golden_nonresponse.json")
    rows, people, responded = cells()
    counts = people.astype(np.int64)
    plain, _ = dummies([coded(rows, "residence", RESIDENCE), coded(rows, "gender", GENDER)])
    crossed = np.column_stack([plain, plain[:, 1:3] * plain[:, 3:4]])
    answered = np.repeat((responded > 0).astype(np.float64), counts)
    saturated = bounds.r_indicator(np.repeat(crossed, counts, axis=0), answered, np.ones(counts.sum()), tolerance=1e-8)
    assert saturated is not None
    propensities = saturated.propensities
    for name, categories in (("residence", RESIDENCE), ("gender", GENDER)):
        margin = coded(rows, name, categories)
        observed = np.bincount(margin.codes, weights=responded) / np.bincount(margin.codes, weights=people)
        found, parts = partial_r(margin.codes, observed[margin.codes], people)
        # The file has them from the propensities of R's saturated model, which hold 1e-7.
        assert found == pytest.approx(golden["partial_unconditional"][name], rel=1e-7)
        fitted, _ = partial_r(np.repeat(margin.codes, counts), propensities, np.ones(counts.sum()))
        assert fitted == pytest.approx(golden["partial_unconditional"][name], rel=CLOSED_FORM)
        assert float(np.sqrt((parts**2).sum())) == pytest.approx(found)
        if name == "residence":
            for category, rate in golden["by_residence"].items():
                assert observed[RESIDENCE.index(category)] == pytest.approx(rate, rel=CLOSED_FORM)
            assert parts[RESIDENCE.index("Copenhagen")] < 0 < parts[RESIDENCE.index("Country")]


def test_reliability_of_the_agreeableness_items() -> None:
    golden = read_json("golden_reliability.json")
    rows = read_csv("bfi_items.csv")
    items = np.column_stack([column(rows, name) for name in ("A1", "A2", "A3", "A4", "A5")])
    items[:, 0] = 7 - items[:, 0]
    expected = golden["A_complete_cases"]
    found = reliability.reliability(items)
    assert found.n == expected["n"]
    assert found.alpha == pytest.approx(expected["raw"], rel=CLOSED_FORM)
    assert found.standardised == pytest.approx(expected["std"], rel=CLOSED_FORM)
    assert found.item_rest == pytest.approx(tuple(expected["item_rest"]), rel=CLOSED_FORM)
    assert found.if_dropped == pytest.approx(tuple(expected["alpha_if_dropped"]), rel=CLOSED_FORM)
    pairs = reliability.reliability(items, pairwise=True)
    assert pairs.alpha == pytest.approx(golden["A_pairwise"]["raw"], rel=CLOSED_FORM)
    assert pairs.standardised == pytest.approx(golden["A_pairwise"]["std"], rel=CLOSED_FORM)
    assert reliability.cronbach_alpha(items[~np.isnan(items).any(axis=1)]) == pytest.approx(found.alpha)
