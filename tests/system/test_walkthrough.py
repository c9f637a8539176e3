"""The walkthrough of the documentation runs as it stands, block after block, against a whole deployment."""

import asyncio
import json
import re
import sys
from pathlib import Path

from tests.system.world import CLIENT_ID, SECRET, World

WALKTHROUGH = Path(__file__).parents[2] / "docs" / "walkthrough.md"


async def test_every_block_of_the_walkthrough_runs(world: World, tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", WALKTHROUGH.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 5
    account = {"url": world.deployment.ports.url("gateway"), "client_id": CLIENT_ID, "client_secret": SECRET}
    (tmp_path / ".gongping").mkdir()
    (tmp_path / ".gongping" / "client.json").write_text(json.dumps(account))
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "\n".join(blocks),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaints = await program.communicate()
    assert program.returncode == 0, complaints.decode()
    lines = printed.decode().splitlines()
    assert any(line.startswith("acceptance |") for line in lines)
    assert any(line.endswith("excellent") for line in lines)
    assert any(line.startswith("renewal by purchaser until ") for line in lines)
    checked = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("gongping")),
        "verify-score",
        "snapshot.json",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    verdict, _ = await checked.communicate()
    assert (checked.returncode, verdict.decode().split(":")[0]) == (0, "equal")
