"""What the richer frameworks must keep: modules, the common core, gates, normalisers, cycles, judgements, limits."""

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.canonical import canonical, sha256
from scoring.frameworks.differences import differences
from scoring.frameworks.inheritance import inheritance_faults
from scoring.frameworks.modules import concrete_document
from scoring.frameworks.queries import find_framework, read_framework
from scoring.frameworks.registry import Applied, Registry
from scoring.frameworks.targets import easy_targets
from scoring.frameworks.validation import faults_in
from scoring.frameworks.weightings import weights_from

Json = Any  # any JSON value
Document = dict[str, Any]
DEPARTMENT, CORE, FAMILIES = "cn-department", "common-core", "three-families"


def document(framework_id: str = DEPARTMENT) -> Document:
    return copy.deepcopy(dict(find_framework(framework_id).written))


def at(changed: Document, path: str) -> Document:
    """The node at a path."""
    children: list[Document] = changed["nodes"]
    node: Document = {}
    for code in path.split("."):
        node = next(child for child in children if child["code"] == code)
        children = node.get("children", [])
    return node


def faults(change: Callable[[Document], object], framework_id: str = DEPARTMENT) -> list[str]:
    changed = document(framework_id)
    change(changed)
    return list(map(str, faults_in(changed)))


def weigh(node: Document, **weights: float) -> None:
    node["weight"] = {"interim": weights["interim"], "completion": weights["completion"], "followUp": weights["after"]}


# --- the tree ---


def test_output_and_benefit_below_60_are_refused_with_the_nodes() -> None:
    """财预〔2020〕10号: output + benefit >= 60 per cent in department and fiscal evaluation."""

    def change(changed: Document) -> None:
        weigh(at(changed, "output"), interim=30, completion=25, after=25)
        weigh(at(changed, "process"), interim=35, completion=30, after=15)

    assert faults(change) == [
        (
            "node output + benefit: weigh 55 at stage completion, less than the 60 that "
            "财预〔2020〕10号 (output + benefit >= 60 %) asks for"
        )
    ]


def test_an_aspect_that_would_count_nowhere_is_refused() -> None:
    def change(changed: Document) -> None:
        output = at(changed, "output")
        output["children"] = [child for child in output["children"] if child["code"] != "cost"]
        for child in output["children"]:
            child["weight"] = dict.fromkeys(child["weight"], 33.3)
        output["children"][0]["weight"] = dict.fromkeys(child["weight"], 33.4)

    assert faults(change) == ["document: agreed indicators of the level output about cost would count nowhere"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"node": "process.nowhere"}, "gate funds_misused: there is no node process.nowhere"),
        ({"cap": "excellent"}, "gate funds_misused: excellent is no grade below the highest, it caps nothing"),
        ({"code": "recipients_dissatisfied"}, "gate recipients_dissatisfied: the code is used twice"),
        ({"probability": 0.4}, "gate funds_misused: 0.4 is less than the minimum of 0.5"),
    ],
)
def test_gates_name_nodes_and_grades(change: Document, message: str) -> None:
    assert any(message in each for each in faults(lambda changed: changed["gates"][0].update(change)))


def test_what_only_the_second_algorithm_knows_is_refused_under_the_first() -> None:
    def change(changed: Document) -> None:
        changed["algorithm"] = {"id": "weighted-arithmetic-mean", "version": "1"}

    found = faults(change, FAMILIES)
    assert "document: gates needs the algorithm weighted-means 2" in found
    assert "node quality.professional: rating, ranges needs the algorithm weighted-means 2" in found
    assert "node cost.unit_cost: manual, piecewise needs the algorithm weighted-means 2" in found


# --- indicators ---


def rule_faults(change: Document, path: str, framework_id: str = FAMILIES) -> list[str]:
    return faults(lambda changed: at(changed, path)["indicator"].update(change), framework_id)


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        (
            "cost.unit_cost",
            {"normaliser": {"kind": "piecewise", "knots": [[1, 80], [1, 60]]}},
            "the knots must rise strictly",
        ),
        (
            "cost.unit_cost",
            {"normaliser": {"kind": "piecewise", "knots": [[1, 20], [2, 60], [3, 40]]}},
            "the scores of the knots must fall",
        ),
        (
            "cost.unit_cost",
            {"normaliser": {"kind": "piecewise", "knots": [[1, 120], [2, 0]]}},
            "the scores of the knots lie in 0-100",
        ),
        (
            "cost.unit_cost",
            {"normaliser": {"kind": "band", "zero_below": 0, "low": 2, "high": 1, "zero_above": 3}},
            "a band needs zero_below < low <= high < zero_above",
        ),
        (
            "cost.unit_cost",
            {"normaliser": {"kind": "goalposts", "lower": 0, "upper": 1}},
            "the goalposts run against the direction lower",
        ),
        (
            "cost.unit_cost",
            {"normaliser": {"kind": "goalposts", "lower": 2, "upper": 1, "direction": "lower"}},
            "with a direction the lower goalpost lies below the upper one",
        ),
        ("cost.unit_cost", {"evidence": {"from": "none"}}, "an indicator needs an evidence rule"),
        (
            "quality.professional",
            {"normaliser": {"kind": "tier", "values": {"a": 90, "b": 50}}},
            "a mark of 0-100 is normalised by goalposts, band, piecewise or tiers with ranges",
        ),
        (
            "quality.professional",
            {"normaliser": {"kind": "tier", "values": {"a": 90, "b": 50}, "ranges": {"a": [60, 80], "b": [50, 70]}}},
            "the value of the tier a lies outside its range",
        ),
        (
            "quality.professional",
            {"normaliser": {"kind": "tier", "values": {"a": 90, "b": 50}, "ranges": {"a": [60, 100], "b": [0, 70]}}},
            "the ranges of the tiers b and a overlap",
        ),
    ],
)
def test_a_normaliser_with_impossible_parameters_is_refused(path: str, change: Document, message: str) -> None:
    found = rule_faults(change, path)
    assert any(each.startswith(f"node {path}: {message}") for each in found), found


def test_goalposts_with_a_direction_are_those_with_swapped_posts() -> None:
    assert not rule_faults(
        {"normaliser": {"kind": "goalposts", "lower": 1, "upper": 2, "direction": "lower"}}, "cost.unit_cost"
    )
    assert not rule_faults({"normaliser": {"kind": "goalposts", "lower": 2, "upper": 1}}, "cost.unit_cost")


def test_reweighting_needs_a_justification_and_a_source_its_confidence() -> None:
    def change(changed: Document) -> None:
        rule = at(changed, "cost.unit_cost")["indicator"]
        del rule["justification"], rule["confidence"]

    assert faults(change, FAMILIES) == [
        "node cost.unit_cost: reweighting missing evidence away needs a justification",
        "node cost.unit_cost: the confidence of the source is missing",
    ]


@pytest.mark.parametrize(
    ("change", "chain"),
    [
        ({"depends_on": ["acceptance", "payment"]}, "payment <- payment-adjustment <- determination <- grade <- score"),
        ({"depends_on": ["renewal"]}, "renewal <- determination <- grade <- score"),
        ({"depends_on": ["score"]}, "score"),
        ({"evidence": {"from": "manual", "measure": "rectification-rate"}}, "rectification <- determination"),
    ],
)
def test_evidence_that_depends_on_the_contracts_own_score_is_a_cycle(change: Document, chain: str) -> None:
    (found,) = rule_faults(change, "cost.unit_cost")
    assert found.startswith("node cost.unit_cost: a cycle: the evidence depends on a consequence of the contract's own")
    assert chain in found


def test_evidence_that_depends_on_other_acts_is_no_cycle() -> None:
    (found,) = rule_faults({"depends_on": ["payments"]}, "cost.unit_cost")
    assert found.startswith("node cost.unit_cost: payments is no known act to depend on: acceptance, appeal")
    assert not rule_faults({"depends_on": ["delivery", "acceptance", "register"]}, "cost.unit_cost")


def test_marks_that_enter_as_totals_have_one_node() -> None:
    def change(changed: Document) -> None:
        changed["evaluation"]["marks"] = "total"

    (found,) = faults(change)
    assert "evaluators' marks enter as totals: one node takes them" in found
    assert "process.funds.compliance" in found


# --- judgements ---

PAIRS = {"method": "ahp", "stages": ["completion"], "reason": "simulated judgements of a test"}


def judged(matrix: list[list[float]]) -> list[str]:
    def change(changed: Document) -> None:
        at(changed, "decision")["weighting"] = [
            PAIRS | {"codes": ["initiation", "targets", "funding"], "matrices": [matrix]}
        ]

    return faults(change)


def test_weights_follow_from_their_judgements() -> None:
    """40, 30, 30 within the rounding."""
    assert judged([[1, 4 / 3, 4 / 3], [3 / 4, 1, 1], [3 / 4, 1, 1]]) == []


def test_weights_that_the_judgements_do_not_give_are_refused() -> None:
    found = judged([[1, 2, 2], [0.5, 1, 1], [0.5, 1, 1]])
    assert found[0] == "node decision: initiation weighs 40 at stage completion, the judgements give 50.00"


def test_judgements_over_the_limit_are_refused_with_the_triad() -> None:
    (found,) = judged([[1, 5, 0.25], [0.2, 1, 5], [4, 0.2, 1]])
    assert "node decision: AHP: the consistency ratio of judge 1 is" in found
    assert "the limit 0.05" in found
    assert "those of initiation, targets, funding (a_ij a_jk a_ki = 100, 1 when consistent)" in found


def test_judgements_about_the_core_do_not_bind_a_module_that_restates_the_weights() -> None:
    def change(changed: Document) -> None:
        stated = {node["code"]: node["weight"]["completion"] for node in changed["nodes"]}
        changed["weighting"] = [
            {"method": "budget", "stages": ["completion"], "reason": "simulated panel", "allocations": [stated]}
        ]

    assert faults(change, CORE) == []


def test_judgements_of_other_items_or_without_reciprocity_are_refused() -> None:
    def change(changed: Document) -> None:
        at(changed, "decision")["weighting"] = [
            PAIRS | {"codes": ["initiation", "targets"], "matrices": [[[1, 1], [1, 1]]]}
        ]

    assert faults(change) == [
        "node decision: the judgements at stage completion are not about the same children: funding"
    ]
    assert "is not reciprocal" in judged([[1, 3, 3], [3, 1, 1], [3, 1, 1]])[0]


@given(st.lists(st.integers(1, 997), min_size=2, max_size=12))
def test_weights_from_judgements_have_two_decimals_and_sum_to_exactly_100(points: list[int]) -> None:
    allocation = {f"c{place}": 100 * point / sum(points) for place, point in enumerate(points)}
    weights, _ = weights_from({"method": "budget", "allocations": [allocation]})
    assert sum(Fraction(repr(weight)) for weight in weights.values()) == 100
    assert all(abs(weights[code] - allocation[code]) <= 0.01 + 1e-9 for code in weights)


# --- modules and the common core ---


def module_of(changed: Document, code: str) -> Document:
    found: Document = next(module for module in changed["modules"] if module["code"] == code)
    return found


def test_each_module_makes_a_whole_tree_around_the_same_core() -> None:
    plain = find_framework(CORE)
    assert read_framework(plain.document).hash == plain.hash
    for module in plain.written["modules"]:
        framework = read_framework(plain.written, module=module["code"])
        assert framework.module == module["code"]
        assert framework.hash == sha256(canonical(framework.document)) != plain.hash
        assert framework.written_hash == sha256(canonical(plain.written))
        # The exported form is a framework of its own: it reads back as the same one.
        assert read_framework(framework.document).hash == framework.hash
        assert {node.code for node in framework.nodes} == {*plain.core, "service"}
        for stage in ("interim", "completion", "followUp"):
            shares = [
                {node.code: node.weight[stage] for node in each.nodes if node.code in plain.core}
                for each in (plain, framework)
            ]
            scale = sum(shares[1].values()) / sum(shares[0].values())
            assert shares[1] == pytest.approx({code: scale * weight for code, weight in shares[0].items()})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda graft: graft["weights"]["output"].update(completion=31),
            "module health_care, node root: the nodes of the common core must keep their weights to each other at stage",
        ),
        (lambda graft: graft.update(under="nowhere"), "module health_care, node nowhere: there is no such dimension"),
        (
            lambda graft: graft.update(under="process", weights={}),
            "module health_care, node process: the common core is the same for every service",
        ),
        (
            lambda graft: graft["weights"].update(other=graft["weights"]["output"]),
            "module health_care, node root: there is no child other",
        ),
        (
            lambda graft: graft["nodes"][0]["weight"].update(completion=24),
            "module health_care, node root: the weights at stage completion sum to 99, not 100",
        ),
        (
            lambda graft: graft["nodes"][0]["children"][0]["indicator"].update(missing="reweight"),
            "module health_care, node service.waiting: satisfaction is never reweighted away",
        ),
    ],
)
def test_a_broken_module_is_refused_with_module_and_node(change: Callable[[Document], object], message: str) -> None:
    found = faults(lambda changed: change(module_of(changed, "health_care")["grafts"][0]), CORE)
    assert any(each.startswith(message) for each in found), found


def test_a_module_that_an_earlier_prefix_hides_is_refused() -> None:
    def change(changed: Document) -> None:
        changed["modules"].reverse()

    assert faults(change, CORE) == ["module family_planning: A0505 goes to the module health_care, which stands first"]


def test_a_contract_gets_the_module_of_its_category() -> None:
    shipped = find_framework(CORE)
    registry = Registry.of([Applied(shipped.written, shipped.written_hash, "CN-23", in_force=True)])
    modules = {
        category: [framework.module for framework in registry.applicable("CN-230102", category)]
        for category in ("A05", "A0501", "A0505", "A0402", "A04", "A02", "A03", "A10", "A18", "B03", None)
    }
    assert modules == {
        "A05": ["health_care"],
        "A0501": ["health_care"],
        "A0505": ["family_planning"],
        "A0402": ["elderly_care"],
        "A04": [None],
        "A02": ["education"],
        "A03": ["employment_training"],
        "A10": ["community"],
        "A18": [None],
        "B03": [],  # public services only
        None: [],
    }
    assert registry.applicable("CN-310101", "A05") == ()
    framework = registry.applicable("CN-230102", "A05")[0]
    assert registry.by_hash(framework.hash) is framework
    assert registry.applicable("CN-230102", "A05")[0] is framework


def test_the_narrowest_region_counts_and_there_the_highest_version() -> None:
    def version(number: str) -> Document:
        return document("four-questions") | {"version": number}

    registry = Registry.of(
        [
            Applied(each, number + place, place, in_force)
            for number, place, in_force in [
                ("1.9.0", "", True),
                ("1.2.0", "CN-23", True),
                ("1.10.0", "CN-23", True),
                ("1.11.0", "CN-23", False),
                ("1.0.0", "CN-2301", True),
            ]
            for each in [version(number)]
        ]
    )
    found = {region: registry.applicable(region, "A05")[0].version for region in ("CN-230102", "CN-230201", "XK-1")}
    assert found == {"CN-230102": "1.0.0", "CN-230201": "1.10.0", "XK-1": "1.9.0"}
    assert registry.find("four-questions").version == "1.10.0"
    assert registry.find("four-questions", version="1.11.0").version == "1.11.0"


# --- inheritance ---


def heir(change: Callable[[Document], object], framework_id: str = DEPARTMENT) -> list[str]:
    parent = find_framework(framework_id)
    child = document(framework_id)
    del child["offered"]
    child["inherits"] = {"id": parent.id, "version": parent.version, "hash": parent.written_hash}
    change(child)
    return list(map(str, inheritance_faults(child, parent.written)))


def test_an_unchanged_heir_and_one_inside_the_limits_are_faultless() -> None:
    def change(child: Document) -> None:
        weigh(at(child, "decision"), interim=20, completion=10, after=10)
        weigh(at(child, "output"), interim=35, completion=40, after=25)
        extra = copy.deepcopy(at(child, "benefit.effect")) | {"code": "province"}
        at(child, "benefit")["children"].append(extra)

    assert heir(dict) == []
    assert heir(change) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda child: weigh(at(child, "decision"), interim=31, completion=15, after=10),
            "node decision: weighs 31 at stage interim, cn-department asks for 5 to 30",
        ),
        (
            lambda child: at(child, "process.funds.execution")["indicator"].update(missing="zero"),
            "node process.funds.execution: the rule of cn-department must stay as it is (indicator)",
        ),
        (
            lambda child: at(child, "decision")["children"].pop(),
            "node decision.funding: of cn-department is left out; give it the weight 0 where the limits allow it",
        ),
        (
            lambda child: at(child, "decision")["children"].append(at(child, "decision.funding") | {"code": "extra"}),
            "node decision.extra: cn-department allows no additions under decision",
        ),
        (lambda child: child["gates"].pop(0), "gates: funds_misused of cn-department must stay as they are"),
        (lambda child: child.pop("constraints"), "node output + benefit: the constraint of cn-department is left out"),
        (
            lambda child: child["grades"][0].update(minimum=85),
            "grades: is inherited from cn-department and must stay as it is",
        ),
        (
            lambda child: child["limits"][0].update(maximum=50),
            "limits: those of decision are wider than the ones of cn-department",
        ),
        (
            lambda child: child.update(targets={"softened": "inform"}),
            "targets: cn-department asks for a reason where a target was softened, and so must this",
        ),
    ],
)
def test_an_heir_that_goes_beyond_its_limits_is_refused_with_the_node(
    change: Callable[[Document], object], message: str
) -> None:
    assert heir(change) == [message]


def test_an_heir_keeps_the_modules() -> None:
    assert heir(lambda child: child["modules"].pop(0), CORE) == ["module family_planning: of common-core is left out"]

    def change(child: Document) -> None:
        graft = module_of(child, "education")["grafts"][0]
        graft["nodes"][0]["weight"]["completion"] = 40

    assert heir(change, CORE) == [
        "module education, node service: weighs 40 at stage completion, common-core asks for 10 to 35"
    ]


# --- differences and targets ---


def test_differences_name_the_node_and_the_module() -> None:
    after = document(CORE)
    at(after, "process.punctuality")["indicator"]["normaliser"]["maximum_days"] = 60
    at(after, "demand.needs_basis")["title"]["en"] = "Basis"
    module = module_of(after, "education")["grafts"][0]["nodes"][0]["children"]
    module[0]["weight"]["completion"], module[1]["weight"]["completion"] = 20, 25
    after["modules"] = [each for each in after["modules"] if each["code"] != "community"]
    found = [(each.node, each.kind, each.module) for each in differences(document(CORE), after)]
    assert found == [
        ("demand.needs_basis", "title", None),
        ("process.punctuality", "rule", None),
        ("service.teaching", "weight", "education"),
        ("service.safety", "weight", "education"),
        ("root", "module removed", "community"),
    ]
    assert differences(document(CORE), document(CORE)) == []


def test_the_plain_form_of_a_framework_without_modules_is_itself() -> None:
    framework = find_framework(DEPARTMENT)
    assert concrete_document(framework.written, "") is framework.written
    assert framework.document is framework.written


def test_targets_below_history_or_sector_are_pointed_out() -> None:
    changed = document()
    rule = at(changed, "process.funds.received")["indicator"]
    rule["normaliser"] = {"kind": "goalposts", "lower": 0, "upper": 0.8}
    rule["reference"] = {"history": 0.95, "sector": 0.82, "tolerance": 0.05, "source": "simulated register of a test"}
    (found,) = easy_targets(changed)
    assert (found.node, found.target, found.against, found.reached) == ("process.funds.received", 0.8, "history", 0.95)
    rule["reference"]["tolerance"] = 0.2
    assert easy_targets(changed) == []
