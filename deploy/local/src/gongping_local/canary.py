"""A canary message through JetStream, which tells a deaf broker from a healthy one.

After a full disk the server keeps its connections and lets every publish time out, also once there is room again, until
it is restarted. Services wait for the broker without limit, so the supervisor has to notice. Each try is a connection
of its own in the plain NATS client protocol: a client library's reconnects and buffers would hide what is looked for.
"""

import asyncio
import json
import secrets

from gongping_local.nats import USER
from gongping_local.ports import LOOPBACK

SUBJECT = "canary"
STREAM = {
    "name": "CANARY",
    "subjects": [SUBJECT],
    "storage": "file",
    "retention": "limits",
    "discard": "old",
    "max_msgs": 1,
    "max_bytes": 1_000_000,
    "num_replicas": 1,
}


async def canary(port: int, *, password: str, seconds: float) -> str | None:
    """Publish one durable message: None when it was acknowledged, else the broker's own words.

    Raises:
        TimeoutError: no answer in time.
        OSError: no connection, or the server closed it.
    """
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            hello = json.dumps({"verbose": False, "user": USER, "pass": password, "lang": "python", "version": "0"})
            inbox = f"_INBOX.{secrets.token_hex(8)}"
            stream, message = json.dumps(STREAM), json.dumps({"from": "supervisor"})
            writer.write(
                f"CONNECT {hello}\r\nSUB {inbox} 1\r\n"
                f"PUB $JS.API.STREAM.CREATE.{STREAM['name']} {inbox} {len(stream)}\r\n{stream}\r\n".encode()
            )
            if refused := await _answer(reader, writer):
                return refused
            writer.write(f"PUB {SUBJECT} {inbox} {len(message)}\r\n{message}\r\n".encode())
            return await _answer(reader, writer)
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str | None:
    while line := await reader.readline():
        verb, _, rest = line.decode().partition(" ")
        if verb == "MSG":
            answer = json.loads(await reader.readexactly(int(rest.split()[-1])))
            await reader.readexactly(2)
            error = answer.get("error")
            return f"{error.get('description')} ({error.get('err_code')})" if error else None
        if verb.strip() == "PING":
            writer.write(b"PONG\r\n")
        if verb == "-ERR":
            return rest.strip()
    raise ConnectionResetError("the broker closed the connection")
