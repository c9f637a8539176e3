from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.system.world import World, new_world


@pytest.fixture(scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("world")
    async with new_world(folder, GONGPING_TRACE_FILE=str(folder / "spans.jsonl")) as running:
        yield running
