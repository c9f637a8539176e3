"""Marks: who sets, reviews and ends them, when they fall back; and what the redaction leaves out. Simulated."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support import ANY_VERSION

from contracts.disclosure.queries import FIELDS, LEVELS, WITHHELD, withheld_fields, withheld_levels
from contracts.disclosure.service import redact, secrecy_warnings
from contracts.marks.handlers import end_marks
from shared import clock
from shared.auth import PUBLIC, Principal
from shared.events import DisclosureLevel
from shared.ids import new_id
from shared.jobs import ClaimedJob

Json = dict[str, Any]
TODAY = date(2026, 1, 15)
ROLES = ("finance", "purchaser", "provider", "evaluator", "auditor", "operator")
KEYS = sorted({key for field in FIELDS.values() for key in field.keys})
marks = st.lists(
    st.builds(
        DisclosureLevel,
        subject=st.just("field"),
        target=st.sampled_from(sorted(FIELDS)),
        level=st.sampled_from(LEVELS),
        until=st.none() | st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3)),
    )
    | st.builds(DisclosureLevel, subject=st.just("contract"), target=st.just("*"), level=st.sampled_from(LEVELS)),
    max_size=6,
)
callers = st.builds(
    Principal,
    subject=st.just("s"),
    roles=st.frozensets(st.sampled_from(ROLES), min_size=1, max_size=2),
    regions=st.just(("*",)),
    organisation=st.sampled_from([None, new_id()]),
) | st.just(PUBLIC)


@given(found=marks, caller=callers, party=st.booleans())
def test_redaction_leaves_nothing_of_what_is_withheld(
    found: list[DisclosureLevel], caller: Principal, party: bool
) -> None:
    levels = withheld_levels(caller, party=party)
    hidden = withheld_fields(found, levels=levels, today=TODAY)
    content: Json = {key: f"secret-{key}" for key in KEYS} | {"indicators": ["secret-indicators"], "region": "CN-23"}
    content["warnings"] = [{"code": "c", "detail": "secret-words"}]
    fields = FIELDS if hidden is None else hidden
    told = redact(content, fields)
    assert told["region"] == "CN-23"
    for mark in found:
        over = mark.until is not None and mark.until < TODAY
        names = FIELDS if mark.subject == "contract" else [mark.target]
        if mark.level in levels and not over:
            shown = [key for name in names for key in FIELDS[name].keys if "secret" in str(told[key])]
            assert shown == []
            assert "secret" not in str(told["warnings"])
    if not fields:
        assert told == content
    assert caller is not PUBLIC or levels == frozenset(LEVELS)
    assert not (caller.roles & {"finance", "auditor", "operator"} and levels)
    assert told["title"] in (content["title"], WITHHELD)


def test_words_and_markings_ask_for_a_look_and_repeat_nothing() -> None:
    for text in ("某系统运维 机密★10年", "绝密项目", "涉密采购", "TOP SECRET annex", "秘密 ★ 长期"):
        (warning,) = secrecy_warnings({"title": "t", "indicators": [{"name": f"前文 {text} 后文"}]})
        assert warning["code"] == "state-secret-suspected"
        assert warning["detail"].startswith("/indicators/0/name: ")
        assert "前文" not in warning["detail"]
    for text in ("商业秘密保护", "不涉及国家秘密", "非涉密项目", "秘密花园绿化", "养老服务"):
        assert secrecy_warnings({"title": text}) == []


async def test_a_state_secret_is_warned_of_on_create_change_and_import(contracts: Any) -> None:
    contract = await contracts.draft(title="档案室 绝密 加固")
    assert [one["code"] for one in contract["warnings"]] == ["state-secret-suspected"]
    path = f"/contracts/{contract['contract_id']}"
    answer = await contracts.staff.patch(
        f"/v1{path}", json={"title": "档案室加固", "needs_basis": None}, headers=ANY_VERSION
    )
    assert answer.json()["warnings"] == []
    answer = await contracts.staff.patch(
        f"/v1{path}", json={"needs_basis": {"kind": "none", "reason": "涉密项目"}}, headers=ANY_VERSION
    )
    assert [one["detail"].partition(":")[0] for one in answer.json()["warnings"]] == ["/needs_basis/reason"]


async def test_a_mark_is_set_reviewed_by_another_and_falls_back(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/disclosure"
    body = {"subject": "field", "field": "money", "level": "commercialSecret", "basis": "反不正当竞争法（模拟）"}
    for wrong in ({"field": None}, {"field": "region"}, {"until": "2020-01-01"}, {"document_sha256": "a" * 64}):
        await contracts.refused("POST", path, body | wrong, status=422, slug="malformed")
    until = (clock.today() + timedelta(days=3)).isoformat()
    mark = await contracts.post(path, body | {"until": until}, expect=201)
    assert mark["in_force"] is True
    assert [one["source"].partition(" ")[0] for one in mark["warnings"]] == ["CK2015-135"]
    await contracts.refused("POST", path, body, status=409, slug="disclosure-mark-already-set")
    one = f"{path}/{mark['id']}"
    await contracts.refused("POST", f"{one}/review", status=409, slug="disclosure-mark-conflict")
    second = contracts.client.as_("finance", subject="second")
    stale = {"client": second, "headers": {"If-Match": '"5"'}}
    await contracts.refused("POST", f"{one}/review", status=412, slug="stale-version", **stale)
    assert (await second.post(f"/v1{one}/review")).json()["reviewed_by"] == "second"
    await contracts.refused("POST", f"{one}/end", {"reason": "x"}, status=409, slug="disclosure-mark-conflict")
    evaluator = contracts.client.as_("evaluator")
    problem = await contracts.refused(
        "GET", f"/contracts/{contract['contract_id']}/ledger", status=403, slug="withheld", client=evaluator
    )
    assert problem["withheld"][0]["target"] == "money"
    shown = (await evaluator.get(f"/v1/contracts/{contract['contract_id']}")).json()
    assert (shown["value"], shown["ledger"], shown["withheld"]) == (None, None, ["money"])
    later = datetime.combine(clock.today() + timedelta(days=4), datetime.min.time(), tzinfo=UTC)
    with clock.frozen(later):
        public = contracts.client.anonymous
        releases = (await public.get("/v1/ocds/releases")).json()["releases"]
        assert "120000" in str(releases)
        async with contracts.database.transaction() as session:
            await end_marks(session, ClaimedJob(new_id(), "contracts.end_marks", "recurring", {}, None, 0))
        async with contracts.database.transaction() as session:
            assert (
                await end_marks(session, ClaimedJob(new_id(), "contracts.end_marks", "recurring", {}, None, 0)) is None
            )
    marks_now = (await contracts.staff.get(f"/v1{path}")).json()
    assert (marks_now[0]["in_force"], marks_now[0]["ended_by"]) == (False, "system")
    assert (await contracts.get("/disclosure/marks?unreviewed=true"))["items"] == []
