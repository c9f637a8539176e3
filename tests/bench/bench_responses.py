"""(b) Survey responses accepted and durable per second, beside a bare endpoint that inserts one row per request."""

import asyncio
import tempfile
from pathlib import Path

import asyncpg
from tests.bench.harness import at_least, generator, load, middle, process, report
from tests.system.world import new_world, ready_to_complete

from gongping_client.demo.steps import open_wave_of

CONNECTIONS, SECONDS, ROUNDS = 32, 5, 3
STORED = (
    "SELECT (SELECT count(*) FROM responses WHERE wave_id = $1) "
    "+ (SELECT count(*) FROM responses_staged WHERE wave_id = $1)"
)
BODY = (
    '{"answers": {"overall": 4, "access": 5, "timeliness": 3, "quality": 4, "staff": 5}, '
    '"language": "zh-Hans", "duration_seconds": 95}'
)
SCRIPT = """
math.randomseed(os.time() * 1000 + %(salt)d)
local hex = "0123456789abcdef"
local function digits(n)
  local t = {}
  for i = 1, n do local k = math.random(16); t[i] = hex:sub(k, k) end
  return table.concat(t)
end
request = function()
  local k = math.random(4)
  local id = digits(8) .. "-" .. digits(4) .. "-4" .. digits(3) .. "-"
  id = id .. ("89ab"):sub(k, k) .. digits(3) .. "-" .. digits(12)
  return wrk.format("PUT", "%(path)s" .. id, {["Content-Type"] = "application/json"}, [==[%(body)s]==])
end
"""


def script(path: str, salt: int) -> str:
    """wrk's request function: a fresh UUIDv4 each time."""
    return SCRIPT % {"path": path, "body": BODY, "salt": salt}


async def main() -> None:
    """Measure both on the same PostgreSQL, in turns."""
    with tempfile.TemporaryDirectory(prefix="gongping-bench-") as folder:
        # One address answers for everybody here.
        limits = {f"GONGPING_ANSWERS_PER_{unit}": "100000000" for unit in ("MINUTE", "HOUR")}
        async with new_world(Path(folder), **limits) as world:
            contract_id, _ = await ready_to_complete(world.client, number=1, seed=77)
            await world.client.contracts.complete(contract_id)
            wave = await open_wave_of(world.client, contract_id, seconds=30)
            connection = await asyncpg.connect(world.deployment.admin_url)
            await connection.execute("CREATE DATABASE bare")
            await connection.close()
            env = {"DATABASE_URL": world.deployment.admin_url.rsplit("/", 1)[0] + "/bare"}
            port = world.deployment.ports.gateway + 8
            theirs, ours = f"http://127.0.0.1:{port}", world.deployment.ports.url("surveys")
            path = f"/v1/waves/{wave.id}/responses/"
            rates: dict[str, list[float]] = {"ours": [], "theirs": []}
            async with process(str(Path(__file__).with_name("bare.py")), "insert", str(port), ready=theirs, env=env):
                await load(theirs, connections=CONNECTIONS, seconds=2, script=script("/answers/", 1))
                await load(ours, connections=CONNECTIONS, seconds=2, script=script(path, 2))
                for number in range(ROUNDS):
                    rates["theirs"].append(
                        await load(
                            theirs, connections=CONNECTIONS, seconds=SECONDS, script=script("/answers/", 10 + number)
                        )
                    )
                    rates["ours"].append(
                        await load(ours, connections=CONNECTIONS, seconds=SECONDS, script=script(path, 20 + number))
                    )
            stored = await world.value("surveys", STORED, wave.id)
            assert stored >= sum(rates["ours"]) * SECONDS * 0.95, "what was answered 201 is stored"
    report(
        "responses",
        [
            at_least(
                "responses accepted and durable",
                middle(rates["ours"]),
                "/s",
                reference=middle(rates["theirs"]),
                limit=0.6,
            )
        ],
        setting="embedded PostgreSQL 18, surveys with one worker beside FastAPI + asyncpg autocommit insert with one worker, "
        f"{CONNECTIONS} connections, {generator()}, 2 s warm-up, median of {ROUNDS} rounds of {SECONDS} s in turns",
    )


if __name__ == "__main__":
    asyncio.run(main())
