"""Every service's OpenAPI document against the running service: generated requests never cause a server error.

`make test` sends the same few requests every time; `make fuzz` sends many, and others each time.
"""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.result import Ok
from tests.system.world import World

from gongping_local.state import SERVICES

pytestmark = pytest.mark.system

# A stream never ends; the token endpoint limits the rate of wrong secrets on purpose and has its own tests.
# A workbook cannot be generated from a schema; its reader is tested with damaged workbooks.
LEFT_OUT = {"/v1/streams/scores", "/oauth/token", "/v1/instruments:xlsform"}
_ASKED = os.environ.get("GONGPING_FUZZ")
EXAMPLES = int(_ASKED or 3)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.timeout(3600)
async def test_no_generated_request_causes_a_server_error(world: World, service: str) -> None:
    url = world.deployment.ports.url(service)
    headers = await world.client.session.authorization()
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    mine = [operation for operation in operations if operation.path not in LEFT_OUT]
    assert len(mine) >= 5
    # The gateway's document has everybody's operations, which it hands on: what it adds is on the way of each.
    examples = EXAMPLES if service != "gateway" else max(1, EXAMPLES // 3)
    for operation in mine:

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=_ASKED is None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def run(case: schemathesis.Case[Any]) -> None:
            response = case.call(base_url=url, headers=headers, timeout=20)
            case.validate_response(response, checks=[checks.not_a_server_error])

        run()
