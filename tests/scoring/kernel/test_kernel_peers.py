"""Peer views and sensitivity against COINr's ASEM example and SALib; the golden numbers lie beside the project."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from scoring import kernel
from scoring.kernel import peers
from scoring.kernel.sensitivity import estimate, sobol

SCORING = Path(__file__).resolve().parents[4] / "shared" / "golden" / "scoring"
GOLDEN = SCORING / "coinr_asem"
Array = NDArray[np.float64]

golden = pytest.mark.skipif(not GOLDEN.exists(), reason="the golden numbers are not beside the project")


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def meta() -> list[dict[str, str]]:
    return [row for row in rows("iMeta.csv") if row["Level"]]


def codes() -> list[str]:
    return [row["iCode"] for row in meta() if row["Type"] == "Indicator"]


def table(name: str, columns: Sequence[str]) -> Array:
    """Units by the order of their codes."""
    ordered = sorted(rows(name), key=lambda row: row["uCode"])
    return np.array([[float(row[column]) if row[column] else np.nan for column in columns] for row in ordered])


def directions() -> Array:
    return np.array([float(row["Direction"]) for row in meta() if row["Type"] == "Indicator"])


def tree(weights: dict[str, float] | None = None, exponents: dict[int, float] | None = None) -> Any:
    """COINr's hierarchy as the kernel's tree, with one weight per node, and the codes of its nodes."""
    nodes = meta()
    order = [row["iCode"] for level in "1234" for row in nodes if row["Level"] == level]
    place = {code: number for number, code in enumerate(order)}
    inner = [code for code in order if code not in codes()]
    level = {row["iCode"]: int(row["Level"]) for row in nodes}
    parents = [tuple(place[row["iCode"]] for row in nodes if row["Parent"] == code) for code in inner]
    powers = tuple((exponents or {}).get(level[code], 1.0) for code in inner)
    weight = np.array([[(weights or {}).get(code, 1.0)] for code in order[:-1]])
    return kernel.Tree(len(codes()), tuple(parents), powers), weight, order


def aggregated(leaves: Array, **kind: Any) -> tuple[dict[str, Array], kernel.Aggregate]:
    made_tree, weight, order = tree(**kind)
    state = np.where(np.isnan(leaves.T), kernel.REWEIGHT, kernel.EVIDENCE).astype(np.int8)
    made = kernel.aggregate(made_tree, leaves.T, state, weight)
    return dict(zip(order, made.nodes, strict=True)), made


def assert_close(found: Array, want: Array, rel: float = 1e-9) -> None:
    np.testing.assert_allclose(found, want, rtol=rel, atol=1e-11)


@golden
def test_denominate_impute_and_screen() -> None:
    names, units = codes(), meta()
    raw = table("A_Raw.csv", names)
    basis = {row["uCode"]: row for row in rows("iData.csv")}
    order = sorted(basis)
    divided = raw.copy()
    for number, row in enumerate(row for row in units if row["Type"] == "Indicator"):
        if row["Denominator"]:
            divided[:, number] /= [float(basis[code][row["Denominator"]] or "nan") for code in order]
    assert_close(divided, table("A_Denominated.csv", names))
    made, said = peers.filled(divided, [basis[code]["EurAsia_group"] for code in order])
    assert_close(made, table("A_Imputed.csv", names))
    assert (said == np.isnan(divided)).all()
    kept = [code for code, row in zip(order, made, strict=True) if (~np.isnan(row)).mean() >= 0.9]
    assert kept == sorted(row["uCode"] for row in rows("A_Screened.csv"))


@golden
def test_the_statistics_of_the_raw_data() -> None:
    raw = table("A_Raw.csv", codes())
    for number, row in enumerate(rows("A_stats_raw.csv")):
        column = raw[:, number]
        found = [
            np.nanmin(column),
            np.nanmax(column),
            np.nanmean(column),
            np.nanmedian(column),
            np.nanstd(column, ddof=1),
        ]
        assert_close(np.array(found), np.array([float(row[name]) for name in ("Min", "Max", "Mean", "Median", "Std")]))
        assert peers.skewness(column) == pytest.approx(float(row["Skew"]), rel=1e-9)
        assert peers.kurtosis(column) == pytest.approx(float(row["Kurt"]), rel=1e-9)
        assert peers.is_skewed(column) == (row["Flag.SkewKurt"] == "OUT")


@golden
def test_outliers_are_treated_as_in_the_example() -> None:
    screened, treated = table("A_Screened.csv", codes()), table("A_Treated.csv", codes())
    marked = rows("A_treated_points.csv")
    for number, row in enumerate(rows("A_treatment_table.csv")):
        made = peers.treat(screened[:, number])
        assert_close(made.values, treated[:, number])
        assert made.points == int(row["winsorise.nwin"] or 0)
        assert not made.logged
        pulled = [each[row["iCode"]] for each in marked]
        assert [word != "" for word in pulled] == (made.values != screened[:, number]).tolist()
        assert {word for word in pulled if word} <= {"winhi", "winlo"}
        assert peers.skewness(screened[:, number]) == pytest.approx(float(row["check_SkewKurt0.Skew"]), rel=1e-9)


@golden
def test_each_normalisation() -> None:
    names = codes()
    treated = table("A_Treated.csv", names) * directions()
    for name, made in {
        "A_Normalised": peers.minmax(treated),
        "B_norm_minmax_1_100": peers.minmax(treated, low=1.0),
        "B_norm_zscore": peers.zscore(treated),
        "B_norm_rank": peers.ranks(treated),
        "B_norm_prank": peers.percentile_rank(treated),
        "B_norm_borda": peers.borda(treated),
        "B_norm_dist2max": peers.distance_to_best(treated),
    }.items():
        want = table(f"{name}.csv", names)
        if name in {"B_norm_rank", "B_norm_prank", "B_norm_borda"}:
            # 15 stored digits make ties of a few values that R still told apart: there a rank may differ by one.
            tied = np.array([[(column == value).sum() > 1 for value in column] for column in treated.T]).T
            assert np.abs(made - want)[tied].max() <= 1.0
            assert_close(made[~tied], want[~tied])
        else:
            assert_close(made, want)
    targets = np.array([float(row["Target"]) for row in meta() if row["Type"] == "Indicator"])
    made = peers.distance_to_target(table("A_Raw.csv", names), targets, higher=directions() > 0)
    assert_close(made, table("B_norm_dist2targ_RAW_cap.csv", names))


@golden
@pytest.mark.parametrize(
    ("name", "source", "exponents"),
    [
        ("C_agg_a_amean", "B_norm_minmax_1_100", {}),
        ("C_agg_a_gmean", "B_norm_minmax_1_100", {2: 0.0, 3: 0.0, 4: 0.0}),
        ("C_agg_amean_amean_gmean", "B_norm_minmax_1_100", {4: 0.0}),
        ("C_agg_amean_unequal_weights", "A_Normalised", {}),
    ],
)
def test_the_kernel_aggregates_four_levels(name: str, source: str, exponents: dict[int, float]) -> None:
    weights = (
        {row["iCode"]: float(row["Weight"]) for row in rows("C_weights_unequal.csv")} if "unequal" in name else None
    )
    found, made = aggregated(table(f"{source}.csv", codes()), weights=weights, exponents=exponents)
    columns = [column for column in rows(f"{name}.csv")[0] if column not in {"uCode", "Rank_Index"}]
    want = table(f"{name}.csv", [*columns, "Rank_Index"])
    assert_close(np.array([found[column] for column in columns]).T, want[:, :-1])
    order = np.array([(found["Index"] > value).sum() + 1 for value in found["Index"]])
    assert (order == want[:, -1]).all()
    if made.earned is not None and made.lost is not None:
        assert_close(made.earned.sum(axis=0), found["Index"])
        assert_close(made.lost.sum(axis=0), 100.0 - found["Index"])


@golden
def test_the_examples_results_and_effective_weights() -> None:
    found, _ = aggregated(table("A_Normalised.csv", codes()))
    columns = [column for column in rows("A_results_scores.csv")[0] if column not in {"uCode", "Rank"}]
    assert_close(np.array([found[column] for column in columns]).T, table("A_results_scores.csv", columns))
    units = [row["uCode"] for row in rows("A_Aggregated.csv")]
    for row in rows("A_results_ranks.csv"):
        at = units.index(row["uCode"])
        for column in columns:  # 1 is the best, ties share the better place
            values = np.round(found[column], 9)
            assert 1 + int((values > values[at]).sum()) == int(row[column]), (row["uCode"], column)
    everything = [column for column in rows("A_Aggregated.csv")[0] if column in found]
    assert_close(np.array([found[column] for column in everything]).T, table("A_Aggregated.csv", everything))
    made_tree, weight, order = tree()
    parents = [-1] * len(order)
    for number, children in enumerate(made_tree.parents, made_tree.leaves):
        for child in children:
            parents[child] = number
    made = dict(zip(order, peers.effective_weights(parents, [*weight[:, 0], 1.0]), strict=True))
    for row in rows("A_effective_weights.csv"):
        assert made[row["iCode"]] == pytest.approx(float(row["EffWeight"]), rel=1e-9)


@golden
def test_missing_values_share_their_weight_and_thresholds_see_it() -> None:
    leaves = table("C_missing_normalised.csv", codes())
    found, made = aggregated(leaves)
    physical = [codes().index(row["iCode"]) for row in meta() if row["Parent"] == "Physical"]
    assert_close(found["Physical"], np.nanmean(leaves[:, physical], axis=1))
    order = tree()[2]
    assert_close(made.covers[order.index("Physical")], (~np.isnan(leaves[:, physical])).mean(axis=1))
    assert int(np.isnan(leaves).sum()) == 63


@golden
def test_outranking_and_reliability() -> None:
    pillars = ["Physical", "ConEcFin", "Political", "Instit", "P2P", "Environ", "Social", "SusEcFin"]
    x = table("A_Aggregated.csv", pillars)
    matrix = peers.outranking(x, np.full(8, 1 / 8))
    units = sorted(row["uCode"] for row in rows("A_Aggregated.csv"))
    assert_close(matrix, table("C_outranking_pillars.csv", units))
    want = json.loads((GOLDEN / "C_outranking_meta.json").read_text())
    count, share = peers.dominance(matrix)
    assert count == want["nDominant"]
    assert share == pytest.approx(want["fracDominant"])
    duels = peers.copeland(matrix)
    assert duels.sum() == 0
    assert spearmanr(duels, x.mean(axis=1)).statistic > 0.95
    normalised = table("A_Normalised.csv", codes())
    for pillar, alpha in json.loads((GOLDEN / "A_cronbach_pillars.json").read_text()).items():
        members = [codes().index(row["iCode"]) for row in meta() if row["Parent"] == pillar]
        assert peers.cronbach(normalised[:, members]) == pytest.approx(alpha, rel=1e-9)


@golden
def test_correlations_with_the_index() -> None:
    normalised, (found, _) = table("A_Normalised.csv", codes()), aggregated(table("A_Normalised.csv", codes()))
    for row in rows("A_corr_indicator_index.csv"):
        if row["Correlation"] and row["Var1"] == "Index":
            pair = np.corrcoef(normalised[:, codes().index(row["Var2"])], found["Index"])[0, 1]
            assert pair == pytest.approx(float(row["Correlation"]), rel=1e-9)


@golden
def test_sensitivity_estimators_on_the_exact_vector() -> None:
    want = json.loads((GOLDEN / "D_sa_small.json").read_text())
    found = estimate(np.array(want["y"]), 3)
    assert_close(found.first, np.array(want["Si"]))
    assert_close(found.total, np.array(want["STi"]))
    assert found.variance == pytest.approx(want["variance"], rel=1e-9)


def ishigami(points: Array) -> Array:
    x = np.pi * (2 * points - 1)
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


@golden
def test_sobol_indices_of_known_functions() -> None:
    analytic = json.loads((GOLDEN / "D_ishigami.json").read_text())["analytic"]
    found = sobol(ishigami, 3, size=4096, seed=1)
    np.testing.assert_allclose(found.first, analytic["Si"], atol=2e-2)
    np.testing.assert_allclose(found.total, analytic["STi"], atol=2e-2)
    weighted = json.loads((SCORING / "shrinkage" / "salib_sobol.json").read_text())["weighted_sum"]
    weight = np.array(weighted["w"])
    found = sobol(lambda points: points @ weight, len(weight), size=4096, seed=2)
    np.testing.assert_allclose(found.first, weighted["analytic"], atol=2e-2)
    np.testing.assert_allclose(found.total, weighted["ST"], atol=2e-2)


@golden
def test_ranks_under_the_choice_of_method() -> None:
    """COINr's uncertainty analysis: 1 to 5 points winsorised, min-max or z-score (mean 10, SD 2), arithmetic or geometric
    means, weights of levels 2 and 3 times U(.75, 1.25).

    The stated tolerance of Monte Carlo values, 2e-2, holds on the whole and for every unit for which 200 draws can tell
    so much. The golden mean of a unit has a standard error of its own, SD / sqrt(200), which R's random numbers made and
    nobody can draw again elsewhere: where it is large beside the mean rank (4 % for the first places), another run of
    COINr itself would miss 2e-2. There the difference is held to its standard error, and over all units the differences
    are as large as chance makes them (root mean square of z is 1 within the sampling error of some 50 dependent units).
    """
    want, draws = table("E_UA_rankstats_200.csv", ["Nominal", "Mean", "Q5", "Q95"]), 400
    screened = table("A_Screened.csv", codes())
    trees = {power: tree(exponents=dict.fromkeys((2, 3, 4), power)) for power in (1.0, 0.0)}
    level = {row["iCode"]: int(row["Level"]) for row in meta()}
    noisy = np.array([[level[code] in {2, 3}] for code in trees[1.0][2][:-1]])
    treated = [
        np.array([peers.treat(column, most=most).values for column in screened.T]).T * directions()
        for most in range(1, 6)
    ]
    leaves = np.array(
        [[peers.minmax(x, low=1.0), 10.0 + 2.0 * (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)] for x in treated]
    )
    random, units = np.random.Generator(np.random.Philox(key=3)), len(screened)
    ranked: list[Array] = []
    for power, (made_tree, _, _) in trees.items():
        count = int(random.binomial(draws, 0.5)) if power == 1.0 else draws - len(ranked)
        picked = leaves[random.integers(0, 5, count), random.integers(0, 2, count)].reshape(count * units, -1)
        weight = np.where(noisy, 1.0 + random.uniform(-0.25, 0.25, (len(noisy), count)), 1.0)
        state = np.zeros(picked.T.shape, np.int8)
        made = kernel.aggregate(made_tree, np.ascontiguousarray(picked.T), state, np.repeat(weight, units, axis=1))
        score = made.score.reshape(count, units)
        ranked += list((score[:, None, :] > score[:, :, None]).sum(axis=2) + 1)
    ranks = np.array(ranked)
    difference, spread = ranks.mean(axis=0) - want[:, 1], ranks.std(axis=0, ddof=1)
    relative = np.abs(difference) / want[:, 1]
    error = np.sqrt(spread**2 / 200 + spread**2 / draws)
    assert relative.mean() < 2e-2
    assert np.median(relative) < 1e-2
    told = 2.6 * error < 2e-2 * want[:, 1]  # 99 %: units for which 200 draws are enough
    assert told.sum() > units / 2
    assert (relative[told] < 2e-2).all()
    assert (spread / np.sqrt(200) > 2e-2 * want[:, 1]).any()  # COINr would miss it there too
    z = difference / error
    assert np.abs(z).max() < 4.0
    assert 0.7 < np.sqrt((z**2).mean()) < 1.4
    low, high = np.quantile(ranks, (0.05, 0.95), axis=0)
    assert np.abs(low - want[:, 2]).max() <= 2.0
    assert np.abs(high - want[:, 3]).max() <= 2.0
    assert spearmanr(ranks.mean(axis=0), want[:, 1]).statistic > 0.999


def test_penalty_ordered_average_and_fuzzy_evaluation_by_hand() -> None:
    x = np.array([[1.0, 5.0], [3.0, 3.0], [5.0, 1.0]])
    z = 100 + 10 * np.array([[-1, 1], [0, 0], [1, -1]])
    want = z.mean(axis=1) - z.var(axis=1, ddof=1) / z.mean(axis=1)
    assert_close(peers.mazziotta_pareto(x), want)
    assert peers.mazziotta_pareto(x)[1] == 100  # the balanced profile loses nothing
    assert_close(peers.mazziotta_pareto(x, penalty="plus"), z.mean(axis=1) + z.var(axis=1, ddof=1) / z.mean(axis=1))
    weight = np.array([0.6, 0.4])
    assert_close(peers.ordered_average(x, weight), np.array([3.4, 3.0, 3.4]))
    assert (peers.orness(np.array([1.0, 0.0])), peers.orness(np.array([0.0, 1.0]))) == (1.0, 0.0)
    shares, values = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([90.0, 70.0])
    membership, score, se = peers.fuzzy(shares, np.array([1.0, 1.0]), values, np.array([10.0, 10.0]))
    assert_close(membership, np.array([0.75, 0.25]))
    assert score == pytest.approx(85.0)
    assert se == pytest.approx(0.5 * (100 / 10) ** 0.5)


def test_a_missing_value_favours_neither_of_a_pair() -> None:
    matrix = peers.outranking(np.array([[1.0, np.nan], [2.0, 5.0]]), np.array([0.5, 0.5]))
    assert matrix.tolist() == [[0.0, 0.0], [1.0, 0.0]]
    nothing = peers.outranking(np.array([[np.nan], [2.0]]), np.array([1.0]))
    assert nothing.tolist() == [[0.0, 0.5], [0.5, 0.0]]


def test_a_constant_column_says_nothing() -> None:
    x = np.array([[1.0, 2.0], [1.0, 4.0]])
    assert np.isnan(peers.minmax(x)[:, 0]).all()
    assert not peers.is_skewed(np.ones(10))
    spread = np.array([0.0] * 20 + [1e6, 2e6, 3e6, 4e6, 5e6, 6e6, 9e9])
    assert peers.treat(spread, most=0).logged
