"""The shipped frameworks, and what a framework document must keep."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.scoring.conftest import Scoring

from scoring.frameworks.document import STAGES, Framework
from scoring.frameworks.errors import FrameworkNotFound, InvalidFrameworkError
from scoring.frameworks.queries import (
    find_framework,
    framework_by_hash,
    frameworks_in_force,
    read_framework,
    shipped_frameworks,
)
from scoring.frameworks.validation import validate

Json = Any  # any JSON value

# A released version is never edited: whoever changes a rule writes a new version into a new file.
RELEASED = {
    ("cn-self-evaluation", "1.0.0"): "18d0aa8ffc7fbc51d4bb035b2d1edc906c4c7cb429c11720ee5502820e4043da",
    ("cn-department", "1.0.0"): "7fa2997e1aa1d7f5ac9e967d6f25935504b8a4c5efce01c5d3a6ea1226df1583",
    ("common-core", "1.0.0"): "a971be084b9281639c1fe1c77ecb04917a36b5b27dd7c044a992ee97827d08c8",
    ("three-families", "1.0.0"): "27b2f8dc2680c63ad02c9c1bd4110a6abc09961bccb4fe93afc514ae092b65b3",
    ("four-questions", "1.0.0"): "33b6c209dc421bb7e724983514bd8ec52abae3f85c37a70497f409739e2f36f9",
}


def document(framework_id: str = "four-questions") -> dict[str, Any]:
    return copy.deepcopy(dict(find_framework(framework_id).document))


def test_released_versions_never_change() -> None:
    assert {(each.id, each.version): each.written_hash for each in shipped_frameworks()} == RELEASED
    assert [each.id for each in frameworks_in_force()] == ["cn-self-evaluation", "four-questions"]


def test_sources_and_gates_are_told_in_both_languages() -> None:
    for framework in shipped_frameworks():
        texts = [framework.source, *(text for gate in framework.gates for text in (gate.reason, gate.title))]
        for text in texts:
            assert text["zh"] != text["en"], (framework.id, text)
            assert re.search("[\u4e00-\u9fff]", text["zh"]), text
    # A region's own words stand in both places, or in each language its own; the gate is called by its code in words.
    written = document("cn-department") | {"source": "省级办法"}
    assert read_framework(written).source == {"en": "省级办法", "zh": "省级办法"}
    own = {"en": "Own reason", "zh": "自定理由"}
    both = {"en": "Provincial measures", "zh": "省级办法"}
    gates = [gate | {"reason": own} for gate in written["gates"]]
    read = read_framework(written | {"source": both, "gates": gates})
    assert read.source == both
    assert read.gates[0].reason == own
    assert read.gates[0].title == {"en": "funds misused", "zh": "funds misused"}
    named = [gate | {"title": {"en": "money", "zh": "资金"}} for gate in gates]
    assert read_framework(written | {"gates": named}).gates[0].title["zh"] == "资金"


def test_self_evaluation_weighs_10_50_30_10_at_completion() -> None:
    """财预〔2020〕10号: budget execution 10, output 50, benefit 30, satisfaction 10."""
    weights = {node.code: node.weight["completion"] for node in find_framework("cn-self-evaluation").nodes}
    assert weights == {"execution": 10, "output": 50, "benefit": 30, "satisfaction": 10}


def test_the_four_questions_are_the_first_level() -> None:
    assert [node.code for node in find_framework("four-questions").nodes] == [
        "demand",
        "process",
        "quality",
        "long_term",
    ]


def test_the_three_families_are_the_first_level() -> None:
    assert [node.code for node in find_framework("three-families").nodes] == ["satisfaction", "quality", "cost"]


def test_the_department_evaluation_has_the_level_3_indicators() -> None:
    """财预〔2020〕10号: decision, process, output and benefit with their level-3 indicators."""
    framework = find_framework("cn-department")
    assert [node.title["zh"] for node in framework.nodes] == ["决策", "过程", "产出", "效益"]
    leaves = [node.title["zh"].split(": ")[-1] for node in framework.walk() if not node.children]
    assert leaves == [
        "立项依据充分性",
        "立项程序规范性",
        "绩效目标合理性",
        "绩效指标明确性",
        "预算编制科学性",
        "资金分配合理性",
        "资金到位率",
        "预算执行率",
        "资金使用合规性",
        "管理制度健全性",
        "制度执行有效性",
        "实际完成率",
        "质量达标率",
        "完成及时性",
        "成本节约率",
        "实施效益",
        "服务对象满意度",
    ]


def test_output_and_effect_weigh_at_least_60_after_the_end() -> None:
    """财预〔2020〕10号: output + benefit >= 60 per cent in department and fiscal evaluation."""
    nodes = {node.code: node.weight for node in find_framework("four-questions").nodes}
    for stage in ("completion", "followUp"):
        assert nodes["quality"][stage] + nodes["long_term"][stage] >= 60


@pytest.mark.parametrize("framework", shipped_frameworks(), ids=lambda framework: framework.id)
def test_each_rule_names_its_source_and_each_stage_sums_to_100(framework: Framework) -> None:
    validate(framework.written)
    assert sum(node.weight["interim"] for node in framework.nodes) == 100
    for node in framework.walk():
        if node.children:
            for stage in STAGES:
                assert sum(child.weight[stage] for child in node.children) == 100
        for rule in (node.rule, node.unagreed):
            if rule is not None:
                assert len(rule.source) > 20
                assert rule.type != "satisfaction" or rule.missing == "hold"


def test_find_framework_by_version_and_hash() -> None:
    framework = find_framework("four-questions", "1.0.0")
    assert framework_by_hash(framework.hash) is framework
    for missing in ("five-questions", "cn-self-evaluation/2"):
        with pytest.raises(FrameworkNotFound, match="cn-self-evaluation, common-core, four-questions"):
            find_framework(missing)
    with pytest.raises(FrameworkNotFound):
        find_framework("four-questions", "9.9.9")
    with pytest.raises(FrameworkNotFound):
        framework_by_hash("0" * 64)


def broken(change: Callable[[dict[str, Any]], None]) -> str:
    changed = document()
    change(changed)
    with pytest.raises(InvalidFrameworkError) as caught:
        read_framework(changed)
    return str(caught.value)


def nodes(changed: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{parent['code']}.{child['code']}": child
        for parent in changed["nodes"]
        for child in parent.get("children", ())
    } | {parent["code"]: parent for parent in changed["nodes"]}


def test_weights_that_do_not_sum_to_100_are_refused_with_the_node() -> None:
    def change(changed: dict[str, Any]) -> None:
        nodes(changed)["process.competition"]["weight"]["completion"] = 15
        nodes(changed)["demand"]["weight"]["interim"] = 25

    message = broken(change)
    assert "node process: the weights at stage completion sum to 95, not 100" in message
    assert "node root: the weights at stage interim sum to 105, not 100" in message


def test_decimal_weights_are_summed_exactly() -> None:
    changed = document()
    for code, weight in {"competition": 33.3, "execution": 33.3, "punctuality": 33.4, "recipients_heard": 0}.items():
        nodes(changed)[f"process.{code}"]["weight"] = dict.fromkeys(STAGES, weight)
    validate(changed)
    nodes(changed)["process.punctuality"]["weight"]["interim"] = 33.39
    with pytest.raises(InvalidFrameworkError, match=r"node process: .* sum to 99\.99, not 100"):
        validate(changed)


@pytest.mark.parametrize(
    ("node", "field", "value", "message"),
    [
        ("process.execution", "accountable", "agreed", "node process.execution: accountable cannot be taken"),
        ("process.execution", "missing", "forget", "node process.execution"),
        ("process.execution", "target", {"from": "agreed"}, "node process.execution: target cannot be taken"),
        ("process.execution", "evidence", {"from": "observation"}, "an observation needs an agreed indicator"),
        ("process.execution", "evidence", {"from": "gossip"}, "node process.execution"),
        (
            "process.execution",
            "normaliser",
            {"kind": "attainment", "over_attained_ratio": 1.3, "zero_at_factor": 2},
            "attainment needs the target of an agreed indicator",
        ),
        ("process.competition", "normaliser", {"kind": "goalposts", "lower": 3, "upper": 3}, "goalposts are equal"),
        (
            "process.competition",
            "normaliser",
            {"kind": "tier", "values": {"a": 1, "b": 2}},
            "tiers are for qualitative",
        ),
        ("long_term.lasting_satisfaction", "missing", "reweight", "satisfaction is never reweighted away"),
    ],
)
def test_a_broken_rule_is_refused_with_the_node(node: str, field: str, value: Json, message: str) -> None:
    def change(changed: dict[str, Any]) -> None:
        nodes(changed)[node]["indicator"][field] = value

    refusal = broken(change)
    assert message in refusal
    assert node in refusal


def test_agreed_satisfaction_is_never_reweighted_away() -> None:
    def change(changed: dict[str, Any]) -> None:
        nodes(changed)["demand.satisfaction"]["agreed"]["indicator"]["missing"] = "agreed"

    assert "node demand.satisfaction: satisfaction is never reweighted away" in broken(change)


def test_an_indicator_without_an_evidence_rule_is_refused() -> None:
    def change(changed: dict[str, Any]) -> None:
        del nodes(changed)["process.execution"]["indicator"]["evidence"]

    assert "node process.execution: 'evidence' is a required property" in broken(change)


def test_doubled_codes_and_bad_grades_are_refused() -> None:
    def twice(changed: dict[str, Any]) -> None:
        nodes(changed)["process.execution"]["code"] = "competition"

    def rising(changed: dict[str, Any]) -> None:
        changed["grades"][1]["minimum"] = 95

    def floating(changed: dict[str, Any]) -> None:
        changed["grades"][-1]["minimum"] = 1

    def unknown(changed: dict[str, Any]) -> None:
        changed["colour"] = "red"

    assert "node process: the code competition is used twice" in broken(twice)
    assert "grades: the minimums must fall strictly" in broken(rising)
    assert "grades: the last grade begins at 1, not at 0" in broken(floating)
    assert "document: Additional properties are not allowed ('colour' was unexpected)" in broken(unknown)


async def test_frameworks_are_read_by_anyone(scoring: Scoring) -> None:
    listed = await scoring.client.anonymous.get("/v1/frameworks")
    assert {item["id"]: item["in_force"] for item in listed.json()["items"]} == {
        "cn-department": False,
        "cn-self-evaluation": True,
        "common-core": False,
        "four-questions": True,
        "three-families": False,
    }
    answer = await scoring.client.anonymous.get("/v1/frameworks/four-questions")
    assert answer.json()["document"] == document()
    assert answer.json()["hash"] == find_framework("four-questions").hash
    missing = await scoring.client.anonymous.get("/v1/frameworks/four-questions", params={"version": "0.0.1"})
    assert missing.status_code == 404
    assert missing.json()["type"] == "/problems/framework-not-found"
