"""(e) Surveys: single answers and batches accepted and durable per second; closing a large wave.

Single answers stand beside a bare endpoint that inserts one row per request, batches beside COPY of the same rows into
an empty table with the same columns, checks and key.
"""

import asyncio
import io
import tempfile
import time
from pathlib import Path
from uuid import UUID

import asyncpg
from tests.bench.bench_responses import CONNECTIONS, script
from tests.bench.closing import closing_rows
from tests.bench.harness import Row, at_least, generator, load, middle, process, report
from tests.system.world import World, new_world, ready_to_complete

from gongping_client.demo.steps import open_wave_of
from gongping_local.databases import named

SECONDS, ROUNDS = 5, 3
PEOPLE = 60_000  # invitations for the answers with a token
BATCH, BATCH_CONNECTIONS, BATCH_SECONDS = 500, 4, 5
UNLIMITED = {"GONGPING_ANSWERS_PER_MINUTE": "100000000", "GONGPING_ANSWERS_PER_HOUR": "100000000"} | {
    "GONGPING_BATCHES_PER_MINUTE": "100000000"
}

BATCHES = """
math.randomseed(os.time() * 1000 + %(salt)d)
local hex = "0123456789abcdef"
local function digits(n)
  local t = {}
  for i = 1, n do local k = math.random(16); t[i] = hex:sub(k, k) end
  return table.concat(t)
end
local function id()
  local k = math.random(4)
  return digits(8) .. "-" .. digits(4) .. "-4" .. digits(3) .. "-" .. ("89ab"):sub(k, k) .. digits(3) .. "-" .. digits(12)
end
request = function()
  local t = {}
  for i = 1, %(items)d do
    t[i] = '{"submission_id": "' .. id() .. '", "enumerator_id": "e-' .. (i %% 40) .. '", "collected_at": "%(at)s", '
      .. '"answers": {"overall": ' .. math.random(5) .. ', "access": 5, "timeliness": 3, "quality": 4, "staff": 5}, '
      .. '"language": "zh-Hans", "duration_seconds": ' .. (60 + i) .. '}'
  end
  local headers = {["Content-Type"] = "application/json", ["Authorization"] = "%(authorization)s"}
  return wrk.format("POST", "%(path)s", headers, '{"items": [' .. table.concat(t, ",") .. "]}")
end
"""
TOKENS = """
local tokens = {}
for line in io.lines("%(file)s") do tokens[#tokens + 1] = line end
local next_token = 0
local plain = request
request = function()
  next_token = next_token + 1
  local made = plain()
  return (made:gsub("\\r\\n", "\\r\\nSurvey-Token: " .. tokens[next_token] .. "\\r\\n", 1))
end
"""


async def wave_of(world: World, number: int) -> UUID:
    """An open completion wave."""
    contract_id, _ = await ready_to_complete(world.client, number=number, seed=77)
    await world.client.contracts.complete(contract_id)
    return (await open_wave_of(world.client, contract_id, seconds=30)).id


async def singles(world: World) -> list[Row]:
    """Answers without a token beside the bare endpoint, in turns; then answers with a token."""
    wave_id, listed = await wave_of(world, 1), await wave_of(world, 2)
    tokens = await invited(world, listed)
    connection = await asyncpg.connect(world.deployment.admin_url)
    await connection.execute("CREATE DATABASE bare")
    await connection.close()
    env = {"DATABASE_URL": world.deployment.admin_url.rsplit("/", 1)[0] + "/bare"}
    port = world.deployment.ports.gateway + 8
    theirs, ours = f"http://127.0.0.1:{port}", world.deployment.ports.url("surveys")
    path = f"/v1/waves/{wave_id}/responses/"
    rates: dict[str, list[float]] = {"ours": [], "theirs": []}
    async with process(str(Path(__file__).with_name("bare.py")), "insert", str(port), ready=theirs, env=env):
        await load(theirs, connections=CONNECTIONS, seconds=2, script=script("/answers/", 1))
        await load(ours, connections=CONNECTIONS, seconds=2, script=script(path, 2))
        for number in range(ROUNDS):
            for whose, url, where, salt in (("theirs", theirs, "/answers/", 10), ("ours", ours, path, 20)):
                lua = script(where, salt + number)
                rates[whose].append(await load(url, connections=CONNECTIONS, seconds=SECONDS, script=lua))
    stored = await world.value("surveys", COUNT, wave_id)
    assert stored >= sum(rates["ours"]) * SECONDS * 0.95, "what was answered 201 is stored"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(tokens))
        file.flush()
        lua = script(f"/v1/waves/{listed}/responses/", 5) + TOKENS % {"file": file.name}
        invited_rate = await load(ours, connections=CONNECTIONS, seconds=SECONDS, script=lua)
    bare = middle(rates["theirs"])
    return [
        at_least("single answers accepted and durable", middle(rates["ours"]), "/s", reference=bare, limit=1.0),
        Row("single answers that spend a token", invited_rate, "/s", bare, invited_rate / bare),
    ]


COUNT = (
    "SELECT (SELECT count(*) FROM responses WHERE wave_id = $1)"
    " + (SELECT count(*) FROM responses_staged WHERE wave_id = $1)"
)


async def invited(world: World, wave_id: UUID) -> list[str]:
    """Tokens of a simulated list."""
    session, base = world.client.session, f"/v1/waves/{wave_id}"
    for start in range(0, PEOPLE, 10_000):
        rows = [{"reference": f"simulated-{number:06d}"} for number in range(start, start + 10_000)]
        held = {"held_by": "purchaser", "source": "simulated"}
        await session.post(f"{base}/frame", {"rows": rows}, params=held)
    await session.post(f"{base}/frame/draw", {})
    tokens: list[str] = []
    while len(tokens) < PEOPLE:
        issued = await session.post(f"{base}/invitations", {"limit": 5000})
        tokens += [item["token"] for item in issued["items"]]
    return tokens


async def batches(world: World) -> list[Row]:
    """Batches of 500 beside COPY of the rows that they made."""
    wave_id = await wave_of(world, 3)
    wave = await world.client.waves.get(wave_id)
    authorization = (await world.client.session.authorization())["Authorization"]
    values = {
        "items": BATCH,
        "at": wave.opens_at.isoformat(),
        "authorization": authorization,
        "path": f"/v1/waves/{wave_id}/responses:batch",
    }
    url = world.deployment.ports.url("surveys")
    await load(url, connections=BATCH_CONNECTIONS, seconds=2, script=BATCHES % (values | {"salt": 1}))
    rates = [
        BATCH
        * await load(
            url, connections=BATCH_CONNECTIONS, seconds=BATCH_SECONDS, script=BATCHES % (values | {"salt": 2 + number})
        )
        for number in range(ROUNDS)
    ]
    stored = await world.value("surveys", COUNT, wave_id)
    assert stored >= sum(rates) * BATCH_SECONDS * 0.95, "every item was accepted and is stored"
    copied = [await copy(world, wave_id, int(middle(rates) * BATCH_SECONDS)) for _ in range(ROUNDS)]
    return [
        at_least("answers in batches accepted and durable", middle(rates), "/s", reference=middle(copied), limit=0.2)
    ]


async def copy(world: World, wave_id: UUID, most: int) -> float:
    """Rows per second of a binary COPY of the same rows into an empty table like the staging table."""
    connection = await asyncpg.connect(world.deployment.admin_url.rsplit("/", 1)[0] + f"/{named('surveys')}")
    try:
        both = "SELECT * FROM (SELECT * FROM responses_staged UNION ALL SELECT * FROM responses)"
        names = [row[0] for row in await connection.fetch(NAMES)]
        columns = ", ".join(names)
        query = f"SELECT {columns} FROM ({both}) WHERE wave_id = '{wave_id}' LIMIT {most}"
        out = io.BytesIO()
        done = await connection.copy_from_query(query, output=out, format="binary")
        out.seek(0)
        await connection.execute("CREATE TABLE bare_copy (LIKE responses_staged INCLUDING ALL)")
        started = time.perf_counter()
        await connection.copy_to_table("bare_copy", source=out, columns=names, format="binary")
        taken = time.perf_counter() - started
        await connection.execute("DROP TABLE bare_copy")
    finally:
        await connection.close()
    return int(done.split()[1]) / taken


NAMES = "SELECT attname FROM pg_attribute WHERE attrelid = 'responses_staged'::regclass AND attnum > 0 ORDER BY attnum"


async def main() -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory(prefix="gongping-bench-") as folder:
        async with new_world(Path(folder), **UNLIMITED) as world:
            rows = [*await singles(world), *await batches(world), *await closing_rows(world.deployment.admin_url)]
    report(
        "surveys",
        rows,
        setting="embedded PostgreSQL 18, surveys with one worker and its jobs; single answers beside FastAPI + asyncpg "
        f"autocommit insert with one worker, {CONNECTIONS} connections, median of {ROUNDS} rounds of {SECONDS} s in "
        f"turns; batches of {BATCH} over {BATCH_CONNECTIONS} connections beside binary COPY; the closing in a process of its own beside "
        f"binary COPY out and raking alone; {generator()}",
    )


if __name__ == "__main__":
    asyncio.run(main())
