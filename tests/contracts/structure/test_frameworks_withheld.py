"""What a framework agreement tells of a call-off that is not for everybody. Simulated."""

from typing import Any

from tests.contracts.structure.test_frameworks import call_off, framework_in_force


async def test_money_of_a_withheld_call_off_is_not_told_by_its_framework(contracts: Any, structure: Any) -> None:
    framework = await framework_in_force(contracts, structure, ceiling="250.00")
    one = await call_off(contracts, structure, framework, "200.00")
    called = await contracts.post(f"{one}/activate")
    await contracts.book(framework, "payment", "99.97", call_off_id=called["contract_id"])
    path = f"/v1/contracts/{framework['contract_id']}"
    client = contracts.client.as_("evaluator")
    public = contracts.client.anonymous
    assert "99.97" in (await client.get(f"{path}/ledger")).text
    mark = {"basis": "simulated", "level": "commercialSecret", "subject": "contract"}
    await contracts.post(f"{one}/disclosure", mark, expect=201)
    assert "99.97" not in (await client.get(f"{path}/ledger")).text
    problem = await contracts.refused("GET", f"{path[3:]}/balances", status=403, slug="withheld", client=client)
    assert "99.97" not in str(problem)
    for where in (
        "ocds/releases",
        "ocds/records.ndjson",
        "changes",
        f"public/contracts/{framework['contract_id']}/obligations",
    ):
        assert "99.97" not in (await public.get(f"/v1/{where}")).text, where
    for part in ("", "/call-offs", "/dues", "/monitoring", "/obligations", "/history", "/observations"):
        told = (await client.get(f"{path}{part}")).text
        assert "99.97" not in told, part
        assert called["contract_id"] not in told, part
