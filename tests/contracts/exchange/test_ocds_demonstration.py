"""The whole demonstration as OCDS: every release and record of what `make run` loads is valid, without a network."""

import json
from collections.abc import Callable
from typing import Any

from gongping_client import Client
from gongping_client.demo.generate import generate_dataset
from gongping_client.demo.load import load_dataset
from shared.clock import today
from shared.testing import token

Json = dict[str, Any]
ROLES = ("finance", "purchaser", "provider", "evaluator", "auditor", "operator")


async def test_the_demonstration_is_valid_ocds(
    contracts: Any, assert_valid: Callable[[Json], None], as_package: Callable[[str, list[Json]], Json]
) -> None:
    dataset = generate_dataset(as_of=today())
    # The citizens' answers come after the completion and change nothing of the contract.
    stages = {"answered": "completed"}
    told = [demo.model_copy(update={"stage": stages.get(demo.stage, demo.stage)}) for demo in dataset.contracts]
    transport = contracts.staff._transport
    async with Client("http://test", token=token(roles=ROLES), transport=transport) as client:
        counts = await load_dataset(client, dataset.model_copy(update={"contracts": tuple(told)}))
    assert counts.total() == len(told)
    for kind in ("releases", "records"):
        answer = await contracts.client.anonymous.get(f"/v1/ocds/{kind}.ndjson")
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert len({line["ocid"] for line in lines}) == len(told)
        assert_valid(as_package(kind, lines))
        if kind == "records":
            assert all(line["compiledRelease"]["contracts"][0]["simulated"] is True for line in lines)
