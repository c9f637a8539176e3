"""What is marked reaches nobody who may not see it, by whatever channel: every reading endpoint is asked. Simulated."""

from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from tests.support import ANY_VERSION

from contracts.app import service
from contracts.disclosure.queries import FIELDS
from shared.events import ContractState, ContractUpdated
from shared.ids import new_id

Json = dict[str, Any]
TITLE, NUMBER, REASON, EVIDENCE = "密标题甲乙丙", "MARKED-NUMBER-1", "marked-reason-1", "marked-needs-1"
VALUE, PROVIDER, INDICATOR, STAGE, SOURCE = (
    "98765.43",
    "被标记的承接主体",
    "被标记的指标",
    "被标记的阶段",
    "marked-source-1",
)
# What tells a field: the words that must appear nowhere once it is withheld.
WORDS = {
    "title": (TITLE,),
    "contractNumber": (NUMBER,),
    "money": (VALUE, "98765", "9876543"),
    "provider": (PROVIDER,),
    "needsBasis": (EVIDENCE,),
    "reasons": (REASON,),
    "indicators": (INDICATOR,),
    "milestones": (STAGE,),
    "externalIds": (SOURCE,),
}
QUERIES = {
    "/v1/organisations:check": None,
    "/v1/contracts": [
        "",
        f"?contract_number={NUMBER}",
        f"?source=s&external_id={SOURCE}",
        "?provider_id={provider_id}",
        "?text=密标题甲乙丙",
        "?value_from=98765.43&value_to=98765.43",
    ],
    "/v1/changes": ["", "?size=true", "?descending=true"],
}


async def marked_contract(contracts: Any) -> Json:
    provider = await contracts.organisation("provider", name=PROVIDER)
    contract: Json = await contracts.active(
        title=TITLE,
        contract_number=NUMBER,
        value=VALUE,
        budget=VALUE,
        provider_id=provider,
        needs_basis={"kind": "document", "reference": EVIDENCE},
        external_id={"source": "s", "id": SOURCE},
        indicators=[
            {"code": "o", "name": INDICATOR, "level": "output", "aspect": "quantity", "unit": "x", "target": "1", "weight": "1"},
            {"code": "b", "name": INDICATOR, "level": "benefit", "aspect": "social", "unit": "x", "target": "1", "weight": "1"},
            {"code": "s", "name": INDICATOR, "level": "satisfaction", "aspect": "satisfaction", "unit": "x", "target": "1", "weight": "1"},
        ],
        milestones=[{"code": "M", "title": STAGE, "percentage": "100"}, {"code": "P", "title": STAGE, "kind": "financing", "percentage": "100"}],
    )  # fmt: skip
    await contracts.observe(contract)
    await contracts.report_milestones(contract)
    await contracts.accept(contract, VALUE)
    await contracts.book(contract, "payment", VALUE)
    await contracts.post(f"/contracts/{contract['contract_id']}/suspend", {"reason": REASON})
    return contract


async def mark(contracts: Any, contract: Json, **body: Any) -> Json:
    path = f"/contracts/{contract['contract_id']}/disclosure"
    found: Json = await contracts.post(path, {"basis": "simulated"} | body, expect=201)
    return found


def readings() -> list[str]:
    return sorted(
        {
            route.path
            for router in service.routers
            for route in router.routes
            if isinstance(route, APIRoute) and "GET" in (route.methods or ())
        }
    )


def paths_of(template: str, contract: Json) -> list[str]:
    known = {
        "contract_id": contract["contract_id"],
        "organisation_id": contract["provider"]["organisation_id"],
        "provider_id": contract["provider"]["organisation_id"],
        "published_id": contract["contract_id"],
        "code": "CN-23",
        "ocid:path": f"ocds-xxxxxx-{contract['contract_id']}",
        "region": "CN-230102",
    }
    if QUERIES.get(template, [""]) is None:
        return []
    found = []
    for query in QUERIES.get(template, [""]) or []:
        path = template + query
        for name, value in known.items():
            path = path.replace(f"{{{name}}}", value)
        found.append(path)
    return [path for path in found if "{" not in path]


ACTS: dict[str, Json] = {
    "submit": {},
    "return": {},
    "activate": {},
    "suspend": {"reason": "x"},
    "resume": {},
    "complete": {},
    "terminate": {"reason": "x"},
    "cancel": {"reason": "x"},
    "ledger": {"kind": "payment", "amount": "9999999.00", "booked_on": "2025-07-02"},
    "acceptances": {"result": "accepted", "accepted_on": "2025-07-01", "accepted_value": "9999999.00"},
    "observations": {"indicator_id": str(new_id()), "value": "1", "observed_on": "2025-06-30"},
    "amendments": {"reason": "x"},
    "disclosure": {"subject": "field", "field": "title", "level": "internal", "basis": "x"},
    "payment-terms": {"small_enterprise": True},
    "overrides": {"rule": "term-limit", "reason": "x"},
    "publications": {"kind": "contract", "published_on": "2025-06-30"},
}


async def refused_to(client: Any, contract: Json) -> list[tuple[str, str]]:
    """What the refusals of acts say."""
    answers = []
    for act, body in ACTS.items():
        path = f"/v1/contracts/{contract['contract_id']}/{act}"
        answer = await client.request("PUT" if act == "payment-terms" else "POST", path, json=body, headers=ANY_VERSION)
        assert 400 <= answer.status_code < 500, f"{path}: {answer.text}"
        answers.append((path, answer.text))
    bulk = {"source": "s", "id": SOURCE}
    body = {"region": "CN-230102", "title": "x", "purchaser_id": str(new_id()), "external_id": bulk}
    answer = await client.post("/v1/contracts", json=body)
    # The refusal repeats what was sent, and names the contract by its id: whoever knows its key may know that.
    answers.append(("/v1/contracts", answer.text.replace(SOURCE, "").replace(contract["contract_id"], "")))
    return answers


async def told_to(client: Any, contract: Json) -> list[tuple[str, str]]:
    answers = []
    for template in readings():
        if template.startswith("/v1/organisations") and "record" not in template:
            continue  # an organisation is reference data: its name tells no contract
        for path in paths_of(template, contract):
            answer = await client.get(path)
            assert answer.status_code != 500, path
            answers.append((path, answer.text))
    return answers


@pytest.mark.parametrize("whole", [False, True])
async def test_no_reading_endpoint_tells_what_is_marked(contracts: Any, whole: bool) -> None:
    contract = await marked_contract(contracts)
    # The public is told everything before, so that the words below are looked for in the right places.
    before = "".join(body for _, body in await told_to(contracts.client.anonymous, contract))
    assert {TITLE, "98765.43", PROVIDER, INDICATOR, STAGE, EVIDENCE} <= {
        word for words in WORDS.values() for word in words if word in before
    }
    if whole:
        await mark(contracts, contract, subject="contract", level="commercialSecret")
    else:
        for field in FIELDS:
            await mark(contracts, contract, subject="field", field=field, level="commercialSecret")
    other = str(new_id())
    callers = {
        "public": contracts.client.anonymous,
        "evaluator": contracts.client.as_("evaluator"),
        "another party": contracts.client.as_("purchaser", "provider", organisation=other),
    }
    own_page = f"/v1/organisations/{contract['provider']['organisation_id']}/"  # names the organisation, no contract
    for name, client in callers.items():
        refusals = await refused_to(client, contract) if name == "another party" else []
        for path, body in [*await told_to(client, contract), *refusals]:
            hidden = {field: words for field, words in WORDS.items() if field != "provider" or own_page not in path}
            leaked = [word for words in hidden.values() for word in words if word in body]
            assert not leaked, f"{name} {path}: {leaked}"
            if whole and "/contracts/" not in path and "ocds-" not in path:
                assert contract["contract_id"] not in body, f"{name} {path}"
    party = contracts.client.as_("provider", organisation=contract["provider"]["organisation_id"])
    for client in (contracts.staff, party, contracts.client.as_("auditor")):
        shown = (await client.get(f"/v1/contracts/{contract['contract_id']}")).json()
        assert (shown["title"], shown["value"], shown["withheld"]) == (TITLE, VALUE, [])


async def test_events_leave_out_marked_texts_and_name_the_levels(contracts: Any) -> None:
    contract = await marked_contract(contracts)
    for field in ("title", "contractNumber", "provider", "money"):
        await mark(contracts, contract, subject="field", field=field, level="internal")
    event = (await contracts.emitted(ContractUpdated))[-1]
    state = ContractState.parse(event.data)
    assert isinstance(state, ContractState)
    told = str(event.data)
    assert not [word for word in (TITLE, NUMBER, PROVIDER) if word in told]
    assert {one.target for one in state.disclosure} == {"title", "contractNumber", "provider", "money"}
    assert str(state.value) == VALUE  # scores are made of it; its level stands beside it
    assert state.provider is not None
    assert str(state.provider.organisation_id) == contract["provider"]["organisation_id"]
    # The log tells the public that the contract changed, once for each mark.
    async with contracts.database.reading() as session:
        logged = await session.scalar(
            text("SELECT count(*) FROM contract_changes WHERE contract_id = :id AND noun = 'contract'"),
            {"id": contract["contract_id"]},
        )
    assert logged == 3 + 4


@pytest.mark.parametrize("act", ["draft", "submit", "cancel"])
async def test_what_was_not_concluded_is_a_matter_of_its_parties(contracts: Any, act: str) -> None:
    contract = await contracts.draft(title=TITLE, value=VALUE, budget=VALUE, contract_number=NUMBER)
    path = f"/contracts/{contract['contract_id']}"
    if act != "draft":
        await contracts.post(f"{path}/{act}", {"reason": "模拟"} if act == "cancel" else None)
    other = str(new_id())
    for client in (
        contracts.client.as_("evaluator"),
        contracts.client.as_("provider", organisation=other),
        contracts.client.as_("purchaser", organisation=other),
    ):
        for where, body in await told_to(client, contract):
            assert not [word for word in (TITLE, VALUE, NUMBER) if word in body], where
        for answer in (await client.get(f"/v1{path}"), await client.get(f"/v1{path}/history")):
            assert answer.status_code == 404, answer.text
    own = contracts.client.as_("provider", organisation=contract["provider"]["organisation_id"])
    for client in (contracts.staff, own, contracts.client.as_("auditor")):
        assert (await client.get(f"/v1{path}")).json()["title"] == TITLE
        assert TITLE in (await client.get("/v1/contracts")).text
