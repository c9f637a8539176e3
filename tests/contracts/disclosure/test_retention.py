"""What is over is erased, what is held is not, and nothing goes by a period that nobody has confirmed. Simulated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from tests.contracts.disclosure.retention import LATER, at, confirmed, run_job

from contracts.organisations.service import record_individual
from contracts.results.handlers import scoring_subscription
from contracts.retention.models import NOUNS
from shared.events import AppealDecided, AppealFiled, ContractErased
from shared.ids import new_id
from shared.testing import deliver, delivery

Json = dict[str, Any]


async def rows_about(contracts: Any, contract_id: str) -> dict[str, int]:
    """Rows by table, of every table with a contract_id."""
    async with contracts.database.reading() as session:
        tables = await session.execute(
            text("SELECT table_name FROM information_schema.columns WHERE column_name = 'contract_id'")
        )
        found = {}
        for table in tables.scalars().all():
            count = await session.scalar(
                text(f"SELECT count(*) FROM {table} WHERE contract_id = :id"),
                {"id": contract_id},
            )
            if count:
                found[table] = count
    return found


async def test_records_go_whole_and_only_when_nothing_keeps_them(contracts: Any) -> None:
    gone, held, young = await contracts.completed(), await contracts.completed(), await contracts.active()
    hold = await contracts.post(
        f"/contracts/{held['contract_id']}/holds", {"kind": "order", "reason": "审计（模拟）"}, expect=201
    )
    assert len(await rows_about(contracts, gone["contract_id"])) > 6
    with at(contracts, LATER):
        assert [cursor[0] for cursor in await run_job(contracts)] == list(
            NOUNS[1:]
        )  # nothing is confirmed: nothing goes
        await contracts.get(f"/contracts/{gone['contract_id']}")
        await confirmed(contracts, "records", 1)
        due = (await contracts.get("/retention/due?noun=records"))["items"]
        assert {(one["contract_id"], one["held"]) for one in due} == {
            (gone["contract_id"], False),
            (held["contract_id"], True),
        }
        await run_job(contracts)
        await contracts.refused("GET", f"/contracts/{gone['contract_id']}", status=404, slug="contract-not-found")
        assert await rows_about(contracts, gone["contract_id"]) == {}
        assert (await contracts.get(f"/contracts/{held['contract_id']}"))["state"] == "completed"
        assert (await contracts.get(f"/contracts/{held['contract_id']}/holds"))["held"] is True
        path = f"/contracts/{held['contract_id']}/holds/{hold['id']}/release"
        await contracts.refused(
            "POST", path, {"reason": "x"}, status=412, slug="stale-version", headers={"If-Match": '"7"'}
        )
        await contracts.post(path, {"reason": "结束（模拟）"})
        await contracts.refused("POST", path, {"reason": "x"}, status=409, slug="legal-hold-released")
        await run_job(contracts)
        assert await rows_about(contracts, held["contract_id"]) == {}
        assert (await contracts.get(f"/contracts/{young['contract_id']}"))["state"] == "active"
        erased = (await contracts.get("/retention/erasures"))["items"]
        assert [one["about_id"] for one in erased] == [gone["contract_id"], held["contract_id"]]
        assert erased[0]["rows"]["contracts"] == 1
    assert len(await contracts.emitted(ContractErased)) == 2


async def test_an_open_appeal_holds_and_a_person_is_forgotten(contracts: Any) -> None:
    async with contracts.database.transaction() as session:
        person, _ = await record_individual(session, pseudonym="IND-SIMULATED", simulated=True)
    contract = await contracts.completed(provider_id=str(person.id))
    appeal = new_id()

    async def tell(model: type[AppealFiled] | type[AppealDecided], version: int, state: str) -> None:
        told = model(
            appeal_id=appeal,
            version=version,
            contract_id=UUID(contract["contract_id"]),
            region="CN-230102",
            against="determination",
            against_id=new_id(),
            side="provider",
            state=state,
            suspends=True,
            filed_at=LATER,
            decide_by=LATER.date(),
            recorded_at=LATER,
        )
        sent = delivery(told, subject=contract["contract_id"], region="CN-230102", seq=version)
        await deliver(contracts.database, scoring_subscription, [sent])

    with at(contracts, LATER):
        await tell(AppealFiled, 1, "filed")
        for noun in ("freeText", "individuals"):
            await confirmed(contracts, noun, 3)
        await run_job(contracts)
        found = await contracts.get(f"/contracts/{contract['contract_id']}/holds")
        assert (found["held"], found["appeals"]) == (True, [str(appeal)])
        assert (await contracts.get("/retention/erasures"))["items"] == []
        await tell(AppealDecided, 2, "decided")
        await run_job(contracts)
        erased = {one["noun"]: one["about_id"] for one in (await contracts.get("/retention/erasures"))["items"]}
        assert erased == {"freeText": contract["contract_id"], "individuals": str(person.id)}
        forgotten = await contracts.get(f"/organisations/{person.id}")
        assert forgotten["name"].startswith("IND-")
        assert forgotten["name"] != "IND-SIMULATED"


async def test_the_rule_set_says_how_long_records_stay_at_least(contracts: Any) -> None:
    contract = await contracts.completed()
    ended = datetime.fromisoformat(contract["ended_at"])
    with at(contracts, ended.replace(year=ended.year + 14)):
        await confirmed(contracts, "records", 1, scope="CN-23")
        await run_job(contracts)
        await contracts.get(f"/contracts/{contract['contract_id']}")
    with at(contracts, ended.replace(year=ended.year + 15, day=28)):
        await run_job(contracts)
        await contracts.refused("GET", f"/contracts/{contract['contract_id']}", status=404, slug="contract-not-found")


async def test_personal_texts_are_emptied_in_the_log_too(contracts: Any) -> None:
    terms = {"needs_basis": {"kind": "document", "reference": "某某的申请（模拟）"}, "title": "某某的护理（模拟）"}
    contract = await contracts.completable(**terms)
    path = f"/contracts/{contract['contract_id']}"
    for field in ("title", "needsBasis"):
        body = {"subject": "field", "field": field, "level": "personal", "basis": "PIPL"}
        await contracts.post(f"{path}/disclosure", body, expect=201)
    await contracts.post(f"{path}/suspend", {"reason": "负责人某某病假（模拟）"})
    await contracts.post(f"{path}/terminate", {"reason": "某某离职（模拟）"})
    with at(contracts, LATER):
        await confirmed(contracts, "freeText", 3)
        await confirmed(contracts, "personalFields", 3)
        await run_job(contracts)
        shown = await contracts.get(path)
        assert (shown["title"], shown["needs_basis"], shown["state_reason"]) == ("（不公开）", None, None)
        assert shown["value"] == contract["value"]
        async with contracts.database.reading() as session:
            log = str((await session.execute(text("SELECT terms FROM contract_changes"))).scalars().all())
        assert "某某" not in log
        # Once is enough: the next run finds nothing to do.
        assert len((await contracts.get("/retention/erasures"))["items"]) == 2
        await run_job(contracts)
        assert len((await contracts.get("/retention/erasures"))["items"]) == 2
