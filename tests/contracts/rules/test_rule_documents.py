"""The shipped rule sets and their schema."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.rules.document import RuleSet, json_schema
from contracts.rules.engine import differences
from contracts.rules.service import mistakes_in
from contracts.rules.shipped import shipped

DATA = files("contracts.rules") / "data"
REFERENCE = Path(__file__).parents[4] / "shared/data/cn/cn_rules.json"
HASHES = {
    "cn-2020@1.0.0": "c30f8b0913ea0625ef7dcf79c0fa08d2d74e2657d58a13c8da476c36db278012",
    "cn-2020@1.1.0": "20dffd1350161403491fd7c4f2a99de862248cc3e034cb97c28d7246311a40a4",
    "ocds@1.0.0": "da5265979b75a47fa164a4ed8fe3ff2376205df5474f4f665f730554b8ad80c3",
    "ocds@1.1.0": "46fc832120883ac98d66be2882abca717cd812b752d93b86329b94b16b6cd957",
}


def test_a_changed_word_is_a_new_version() -> None:
    assert {name: rules.sha256 for name, rules in shipped().items()} == HASHES


def test_the_committed_schema_is_that_of_the_models_and_fits_the_data() -> None:
    committed = json.loads((DATA / "rule-set.schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema()
    validator = Draft202012Validator(committed)
    for name in shipped():
        document = json.loads((DATA / f"{name.replace('@', '-')}.json").read_text(encoding="utf-8"))
        assert list(validator.iter_errors(document)) == []
        document["rules"][0]["parameters"]["surprise"] = 1
        assert list(validator.iter_errors(document)) != []


def test_every_rule_says_where_it_comes_from_and_how_surely() -> None:
    for rules in shipped().values():
        for rule in rules.rules:
            assert rule.text.zh
            assert rule.text.en
            assert rule.source or rule.confidence.grade == "own", rule.code
    neutral = shipped()["ocds@1.1.0"]
    chinese = {instrument.id for instrument in shipped()["cn-2020@1.1.0"].instruments}
    assert not chinese & {rule.source.instrument for rule in neutral.rules if rule.source}
    assert {rule.severity for rule in neutral.rules} <= {"warn", "inform"}


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference data lies beside the project only")
def test_the_chinese_set_has_the_figures_of_the_reference() -> None:
    reference = {rule["rule"]: rule for rule in json.loads(REFERENCE.read_text(encoding="utf-8"))["contract_rules"]}
    mine: dict[str, Any] = {rule.code: rule for rule in shipped()["cn-2020@1.1.0"].rules}

    def given(code: str) -> dict[str, Any]:
        parameters: dict[str, Any] = mine[code].parameters.model_dump(mode="json")
        return parameters

    assert given("term-limit")["default_max_months"] == reference["term_default_max_months"]["value"]
    assert given("term-limit")["absolute_max_months"] == reference["term_absolute_max_months"]["value"]
    assert given("term-limit")["conditions"] == reference["term_absolute_max_months"]["conditions"]
    assert len(given("mandatory-terms")["terms"]) == len(reference["mandatory_terms"]["value"])
    assert given("supplement-cap")["max_percent"] == str(reference["supplement_total_max_percent"]["value"])
    assert given("performance-bond")["max_percent"] == str(reference["performance_bond_max_percent"]["value"])
    assert given("pay-sme-within")["days"] == reference["pay_sme_within"]["value"]
    assert given("pay-sme-within")["agreed_max_days"] == reference["pay_sme_within"]["contract_max"]
    assert float(given("late-interest")["per_day"]) == reference["late_interest_per_day"]["value"]
    assert given("records-kept")["years"] == reference["records_kept_years"]["value"]
    for code, name in {
        "sign-within": "sign_within_days_of_award_notice",
        "publish-contract-within": "publish_contract_within",
        "file-copy-within": "file_copy_within",
        "publish-acceptance-within": "publish_acceptance_within",
    }.items():
        assert (given(code)["within"], given(code)["unit"]) == (reference[name]["value"], reference[name]["unit"])
    whole = json.loads(REFERENCE.read_text(encoding="utf-8"))
    listed = [(item["code"], item["zh"]) for item in whole["negative_list"]["items"]]
    assert [(item["code"], item["text"]["zh"]) for item in given("negative-list")["items"]] == listed
    monitoring, example = given("execution-monitoring"), whole["monitoring_example_sichuan"]
    steps = [(step["through_month"], float(step["below_percent"])) for step in monitoring["alerts"]]
    assert steps == [(step["through_month"], step["below_percent"]) for step in example["execution_alerts"]]
    # A rule that the reference has from memory is never called verified here.
    for code, name in {"term-limit": "term_default_max_months", "no-assignment": "no_assignment"}.items():
        assert reference[name]["confidence"].startswith("M-")
        assert mine[code].confidence.grade.startswith("memory")


def test_mistakes_are_named_with_their_place() -> None:
    document = shipped()["ocds@1.0.0"].document
    cases: list[tuple[Callable[[dict[str, Any]], object], str]] = [
        (lambda d: d["rules"][0].update(kind="wish"), r"/rules/0"),
        (lambda d: d["rules"][0].update(severity="kill"), r"/rules/0/budgetFirst/severity"),
        (
            lambda d: d["rules"][3]["parameters"].update(max_percent=10.5),
            r"/rules/3/supplementCap/parameters/max_percent",
        ),
        (lambda d: d["rules"][3]["parameters"].update(max_percent="101"), r"/rules/3/.*max_percent"),
        (lambda d: d.update(scope="everywhere"), r"/scope"),
        (lambda d: d.update(rules=d["rules"] + d["rules"][:1]), r""),
        (lambda d: d["rules"][0].update(source={"instrument": "X", "article": "1"}), r""),
        (lambda d: d["rules"][4].update(severity="block"), r""),
        (lambda d: d["rules"][0]["confidence"].update(grade="verified"), r""),
    ]
    for change, pointer in cases:
        broken = json.loads(json.dumps(document))
        change(broken)
        rules, errors = mistakes_in(broken)
        assert rules is None
        assert any(re.fullmatch(pointer, error["pointer"]) for error in errors), errors
    assert mistakes_in(document)[0] == shipped()["ocds@1.0.0"]


def test_a_diff_names_what_differs_and_nothing_else() -> None:
    before = shipped()["cn-2020@1.0.0"]
    assert differences(before, before) == []
    document = json.loads(json.dumps(before.document))
    document["rules"] = [rule for rule in document["rules"] if rule["code"] != "no-guarantee"]
    (cap,) = [rule for rule in document["rules"] if rule["code"] == "supplement-cap"]
    cap["parameters"]["max_percent"] = "5"
    document["rules"].append(cap | {"code": "own-cap"})
    after = RuleSet.model_validate(document)
    changes = {change["rule"]: change for change in differences(before, after)}
    assert {code: change["change"] for code, change in changes.items()} == {
        "no-guarantee": "removed",
        "supplement-cap": "changed",
        "own-cap": "added",
    }
    assert changes["supplement-cap"]["fields"] == {"parameters/max_percent": {"from": "10", "to": "5"}}
    kept, changed = before.rule("term-limit"), before.rule("supplement-cap")
    assert kept
    assert changed
    assert after.rule("term-limit") == kept
    assert (after.rule("supplement-cap") or kept).sha256 != changed.sha256
