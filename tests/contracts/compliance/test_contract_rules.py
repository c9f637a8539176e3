"""A contract and its rules: pinned at activation, blocking only when confirmed, set aside by two persons."""

from typing import Any

from tests.support import ANY_VERSION

from contracts.rules.facts import TERMS
from contracts.rules.shipped import shipped
from shared.testing import events

CN = shipped()["cn-2020@1.1.0"]
CLAUSES = {
    "terms": list(TERMS),
    "negative_list": [],
    "purchaser_guarantee": False,
    "provider_size": "small",
    "payment_days": 30,
}
COMPETITION = {"award_notice_on": "2024-12-20", "bids_received": 4, "bids_rejected": 1, "estimate": "130000.00"}
CONFIRM = {"version": "1.0.0", "scope": "CN-23", "person": "模拟 负责人", "basis": "模拟文号"}


DELIVERIES = [{"code": "M1", "title": "服务（模拟）", "percentage": "100", "due_on": "2025-12-31"}]


def verdict(answer: Any, code: str) -> Any:
    (found,) = [each for each in answer["verdicts"] if each["rule"] == code]
    return found


async def test_an_unconfirmed_set_warns_and_is_pinned(contracts: Any) -> None:
    draft = await contracts.draft(clauses=CLAUSES, competition=COMPETITION)
    assert draft["clauses"]["terms"] == list(TERMS)
    assert draft["competition"]["estimate"] == "130000.00"
    assert (draft["rules"], draft["value_at_signing"]) == (None, None)
    path = f"/contracts/{draft['contract_id']}"
    before = await contracts.get(f"{path}/rules")
    assert (before["pinned"], before["rule_set"]["id"], before["blocks"]) == (False, "cn-2020", 0)
    await contracts.post(f"{path}/submit")
    active = await contracts.post(f"{path}/activate")
    assert {name: active["rules"][name] for name in ("id", "version", "sha256")} == {
        "id": "cn-2020",
        "version": "1.1.0",
        "sha256": CN.sha256,
    }
    assert active["value_at_signing"] == active["value"]
    assert [(each["rule"], each["outcome"], each["effect"]) for each in active["rules"]["at_signing"]] == [
        ("provider-eligibility", "unknown", "warn")
    ]
    assert await contracts.get(path) == active
    rules = await contracts.get(f"{path}/rules")
    assert (rules["pinned"], len(rules["verdicts"])) == (
        True,
        len([r for r in CN.rules if not r.code.startswith("flag-")]),
    )
    late = verdict(rules, "publish-contract-within")
    assert (late["outcome"], late["effect"], late["source"]) == ("broken", "warn", "GPL-REG art. 50")
    assert late["figures"] == {
        "start": "2025-01-05",
        "due": "2025-01-07",
        "done": None,
        "within": 2,
        "unit": "workingDays",
    }
    assert "/publications" in late["how"]
    assert verdict(rules, "no-assignment")["outcome"] == "stated"

    publication = {"kind": "contract", "published_on": "2025-01-07", "reference": "https://example.org/1"}
    for day in ("2025-01-04", "2199-01-01"):
        assert await contracts.pointers("POST", f"{path}/publications", publication | {"published_on": day}) == {
            "/published_on"
        }
    await contracts.post(f"{path}/publications", publication, expect=201)
    assert verdict(await contracts.get(f"{path}/rules"), "publish-contract-within")["outcome"] == "kept"
    assert [each["kind"] for each in (await contracts.get(f"{path}/publications"))["items"]] == ["contract"]
    # What the contract pinned is not in the events, which stay as they are.
    assert "rules" not in (await events(contracts.database))[-1].data


async def test_a_confirmed_rule_refuses_until_two_persons_set_it_aside(contracts: Any) -> None:
    rules = ["term-limit", "mandatory-terms"]
    await contracts.post("/rules/cn-2020/confirmations", CONFIRM | {"rules": rules})
    pending = await contracts.pending(ends_on="2026-12-31")
    path = f"/contracts/{pending['contract_id']}"
    problem = await contracts.refused("POST", f"{path}/activate", status=409, slug="contract-not-activatable")
    missing = {item["what"]: item for item in problem["missing"]}
    assert sorted(missing) == ["rules.mandatory-terms", "rules.term-limit"]
    term = missing["rules.term-limit"]
    assert term["rule"].startswith("MOF-102 art. 24: ")
    assert (term["figures"]["months"], term["figures"]["limit_months"]) == (24, 12)
    assert "clauses.term_conditions" in term["how"]
    # In a region for which nobody has confirmed it, the same rule warns.
    elsewhere = await contracts.active(ends_on="2026-12-31", region="CN-310101")
    assert {each["effect"] for each in elsewhere["rules"]["at_signing"]} == {"warn"}

    asking = {"rule": "term-limit", "reason": "模拟：三年期试点"}
    asked = await contracts.post(f"{path}/overrides", asking, expect=201)
    (override,) = asked["overrides"]
    assert (override["approved_by"], verdict(asked, "term-limit")["effect"]) == (None, "block")
    for body, status, slug in (
        (asking, 409, "rule-not-overridable"),
        ({"rule": "catalogue-item", "reason": "x"}, 409, "rule-not-overridable"),
        ({"rule": "flag-single-bid", "reason": "x"}, 404, "rule-not-found"),
    ):
        await contracts.refused("POST", f"{path}/overrides", body, status=status, slug=slug)
    approve = f"{path}/overrides/{override['id']}/approve"
    await contracts.refused("POST", approve, status=409, slug="override-needs-second-person")
    second = contracts.client.as_("finance", subject="second-person")
    await contracts.refused(
        "POST", f"{path}/overrides/{path[-36:]}/approve", status=404, slug="override-not-found", client=second
    )
    for _ in range(2):
        answer = await second.post(f"/v1{approve}", json={"note": "模拟批复"})
        assert answer.status_code == 200, answer.text
        assert verdict(answer.json(), "term-limit")["effect"] == "overridden"

    problem = await contracts.refused("POST", f"{path}/activate", status=409, slug="contract-not-activatable")
    assert [item["what"] for item in problem["missing"]] == ["rules.mandatory-terms"]
    await contracts.post(f"{path}/return")
    assert (
        await contracts.staff.patch(f"/v1{path}", json={"clauses": CLAUSES}, headers=ANY_VERSION)
    ).status_code == 200
    await contracts.post(f"{path}/submit")
    active = await contracts.post(f"{path}/activate")
    effects = {each["rule"]: each["effect"] for each in active["rules"]["at_signing"]}
    assert effects["term-limit"] == "overridden"
    assert "mandatory-terms" not in effects
    history = (await contracts.get(f"{path}/history"))["items"]
    told = {row["action"]: row["fields"] for row in history}
    assert told["contract.override-approved"] == {"rule": "term-limit"}
    assert "term-limit:overridden" in told["contract.activated"]


async def test_an_old_contract_keeps_its_set_and_completion_reads_it(contracts: Any) -> None:
    contract = await contracts.completable()
    path = f"/contracts/{contract['contract_id']}"
    document = CN.document | {"id": "hlj-2025", "scope": "CN-23", "in_force_from": "2025-01-01", "version": "2.0.0"}
    (opinion,) = [rule for rule in document["rules"] if rule["code"] == "acceptance-recipients"]
    others = [rule for rule in document["rules"] if rule["code"] != "acceptance-recipients"]
    # Only a rule that is not a guard of its own can show that completion reads the set: a publication in time.
    clock = next(rule for rule in others if rule["code"] == "publish-acceptance-within")
    changed = [rule for rule in others if rule != clock] + [opinion, clock | {"severity": "block"}]
    uploader = contracts.client.as_("finance", subject="uploader")
    assert (await uploader.post("/v1/rules", json=document | {"rules": changed})).status_code == 201
    await contracts.post("/rules/hlj-2025/approve", {"version": "2.0.0", "basis": "模拟"})
    confirm = CONFIRM | {"version": "2.0.0", "rules": ["publish-acceptance-within", "acceptance-recipients"]}
    await contracts.post("/rules/hlj-2025/confirmations", confirm)

    newer = await contracts.active()
    assert (newer["rules"]["id"], contract["rules"]["id"]) == ("hlj-2025", "cn-2020")
    assert (await contracts.get(f"{path}/rules"))["rule_set"]["id"] == "cn-2020"
    assert (await contracts.post(f"{path}/complete"))["state"] == "completed"

    await contracts.observe(newer)
    await contracts.report_milestones(newer)
    await contracts.accept(newer, opinion=None)
    await contracts.book(newer, "payment", newer["value"])
    problem = await contracts.refused(
        "POST", f"/contracts/{newer['contract_id']}/complete", status=409, slug="contract-not-completable"
    )
    assert "rules.acceptance-recipients" in [item["what"] for item in problem["missing"]]
    shown = await contracts.get(f"/contracts/{newer['contract_id']}/rules")
    assert verdict(shown, "publish-acceptance-within")["effect"] == "block"


async def test_stated_facts_are_checked(contracts: Any) -> None:
    body = await contracts.terms()
    cases: list[tuple[str, dict[str, Any]]] = [
        ("/clauses/terms/0", {"clauses": {"terms": ["price and more"]}}),
        ("/clauses/payment_days", {"clauses": {"payment_days": True}}),
        ("/clauses/late_interest_per_day", {"clauses": {"late_interest_per_day": 0.0005}}),
        ("/clauses/surprise", {"clauses": {"surprise": 1}}),
        ("/competition", {"competition": {"notice_published_on": "2025-01-02", "bids_due_on": "2025-01-01"}}),
        ("/competition", {"competition": {"bids_received": 1, "bids_rejected": 2}}),
        ("/competition/estimate", {"competition": {"estimate": "-1.00"}}),
    ]
    for pointer, change in cases:
        assert await contracts.pointers("POST", "/contracts", body | change) == {pointer}, change


async def test_missing_milestones_warn_and_refuse_once_the_rule_is_confirmed(contracts: Any) -> None:
    lax = await contracts.active(milestones=DELIVERIES, region="CN-310101")
    warned = {each["rule"]: each["effect"] for each in lax["rules"]["at_signing"]}
    assert warned["milestones-agreed"] == "warn"
    found = verdict(await contracts.get(f"/contracts/{lax['contract_id']}/rules"), "milestones-agreed")
    assert (found["figures"]["lacking"], found["source"]) == (["financing"], "MOF-102 art. 23")

    confirm = CONFIRM | {"version": "1.1.0", "rules": ["milestones-agreed"]}
    await contracts.post("/rules/cn-2020/confirmations", confirm)
    pending = await contracts.pending(milestones=[])
    path = f"/contracts/{pending['contract_id']}"
    problem = await contracts.refused("POST", f"{path}/activate", status=409, slug="contract-not-activatable")
    (missing,) = problem["missing"]
    assert missing["what"] == "rules.milestones-agreed"
    assert "delivery and financing" in missing["how"]
    assert missing["figures"]["lacking"] == ["delivery", "financing"]
    # Whoever has confirmed what: where there are milestones of a kind, their shares sum to 100.
    await contracts.post(f"{path}/return")
    halves = [DELIVERIES[0] | {"percentage": "50"}]
    answer = await contracts.staff.patch(f"/v1{path}", json={"milestones": halves}, headers=ANY_VERSION)
    assert answer.status_code == 200, answer.text
    await contracts.post(f"{path}/submit")
    problem = await contracts.refused("POST", f"{path}/activate", status=409, slug="contract-not-activatable")
    assert [item["what"] for item in problem["missing"]] == ["milestones.delivery", "rules.milestones-agreed"]


async def test_recorded_payment_terms_that_contradict_the_text_are_warned_of(contracts: Any) -> None:
    active = await contracts.active(clauses=CLAUSES, competition=COMPETITION)
    path = f"/contracts/{active['contract_id']}"
    assert verdict(await contracts.get(f"{path}/rules"), "terms-consistent")["effect"] == "none"
    terms = {"small_enterprise": True, "days": 45}
    answer = await contracts.staff.put(f"/v1{path}/payment-terms", json=terms, headers=ANY_VERSION)
    assert answer.status_code == 200, answer.text
    (warning,) = answer.json()["warnings"]
    assert (warning["code"], warning["rule"]) == ("contradicts-contract", "cn-2020@1.1.0 terms-consistent")
    found = verdict(await contracts.get(f"{path}/rules"), "terms-consistent")
    assert (found["outcome"], found["effect"]) == ("broken", "warn")
    (contradiction,) = found["figures"]["contradictions"]
    assert (contradiction["what"], contradiction["values"]) == ("payment-terms.days", {"days": 45, "payment_days": 30})
    for value in ("45", "30"):
        assert value in warning["detail"]
