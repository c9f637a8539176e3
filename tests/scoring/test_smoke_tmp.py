import json
from decimal import Decimal
from datetime import date
from shared.events import *
from shared.testing import count_statements
from cases import *
from cases import AT, CONTRACT, REGION
import oracle
async def test_smoke(scoring):
    st = state("completed", version=3)
    evs=[state("active", version=2), st,
      ObservationRecorded(observation_id=ident(5,1),contract_id=CONTRACT,region=REGION,indicator_id=ident(2,1),indicator_code="O1",value=Decimal(90),observed_on=date(2026,5,1),recorded_at=AT),
      LedgerPosted(entry_id=ident(6,1),contract_id=CONTRACT,region=REGION,kind="payment",amount=Decimal("100000.00"),currency="CNY",booked_on=date(2026,5,1),recorded_at=AT)]
    async with count_statements(scoring.database) as seen:
        await scoring.hear(*evs)
    print(len(seen)); [print(s[:80].strip()) for s in seen]
    r=await scoring.scores(CONTRACT); print(r.status_code, json.dumps(r.json(),indent=1)[:1500], r.headers)
    print([json.dumps(e.data,default=str)[:600] for e in await scoring.announced()])
    c=scoring.client.as_("auditor")
    for u in (f"/v1/scores/{CONTRACT}/history?framework_id=four-questions", f"/v1/scores/{CONTRACT}/explanation?framework_id=four-questions", f"/v1/evidence?contract_id={CONTRACT}", "/v1/frameworks","/v1/frameworks/four-questions","/v1/determinations"):
        a=await c.get(u); print(u,a.status_code,a.text[:700])
    a=await scoring.client.as_("finance").post("/v1/determinations",json={"contract_id":str(CONTRACT),"framework_id":"cn-self-evaluation","document_number":"1"}); print(a.status_code,a.text)
    assert oracle.score(oracle.load("four-questions"), facts_of(evs))["score"]==(await scoring.head(CONTRACT,"four-questions"))["score"]
