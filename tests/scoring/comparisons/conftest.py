from collections.abc import AsyncIterator

import pytest
from tests.scoring.comparisons.simulated_peers import seed
from tests.scoring.conftest import Scoring

from gongping_local.pytest_servers import Servers
from scoring.app import service
from shared.testing import client_for, new_database


@pytest.fixture(scope="module")
async def compared(servers: Servers) -> AsyncIterator[Scoring]:
    """The service with twelve simulated providers and their determinations."""
    async with new_database(servers.postgres_url, "scoring") as url, client_for(service, url) as client:
        scoring = Scoring(client)
        await seed(scoring)
        yield scoring
