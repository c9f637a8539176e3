from pathlib import Path
from tests.scoring.cases import CONTRACT
from tests.scoring.conftest import *
from tests.scoring.following import history, in_effect, NOW
from shared import clock
async def test_x(scoring):
    from tests.scoring.cases import complete_history
    with clock.frozen(NOW):
        await scoring.hear(*history(output=85,benefit=70,index=80.0))
        made = await in_effect(scoring)
        c = scoring.client.as_("finance", subject="officer-7")
        r = await c.get("/openapi.json"); 
        import json
        print([p for p in r.json()["paths"] if "report" in p])
        for f in ("html","pdf"):
            a = await c.get(f"/v1/reports/contracts/{CONTRACT}", params={"framework_id":"cn-self-evaluation","format":f})
            print(f, a.status_code, a.headers.get("content-type"), len(a.content), a.text[:300] if a.status_code!=200 else "")
            Path(f"/tmp/w5x/live.{f}").write_bytes(a.content)
        for p in ("/v1/scores/%s"%CONTRACT, "/v1/scores/%s/explanation?framework_id=cn-self-evaluation"%CONTRACT):
            print(json.dumps((await c.get(p)).json(),ensure_ascii=False)[:3000])
