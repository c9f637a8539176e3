"""The state machine: the table by itself, and any sequence of moves against the real service."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from contracts.app import service
from contracts.contracts.transitions import ACTIONS, FINAL, STATES, allowed_actions, permits
from gongping_local.pytest_servers import Servers
from shared.db import Database
from shared.testing import client_for, new_database

# The life cycle as it is drawn in the reference, written down once more by hand.
EXPECTED = {
    ("draft", "submit"): "pending",
    ("draft", "cancel"): "cancelled",
    ("pending", "return"): "draft",
    ("pending", "activate"): "active",
    ("pending", "cancel"): "cancelled",
    ("active", "suspend"): "suspended",
    ("active", "complete"): "completed",
    ("active", "terminate"): "terminated",
    ("suspended", "resume"): "active",
    ("suspended", "terminate"): "terminated",
}
MAIN_PATH = {"draft": "submit", "pending": "activate", "active": "complete", "suspended": "resume"}
BODIES: dict[str, dict[str, str]] = {
    "suspend": {"reason": "核查"},
    "terminate": {"reason": "服务方退出", "end_reason": "unsuccessful"},
    "cancel": {"reason": "预算取消"},
}


def test_the_table_permits_exactly_the_moves_of_the_life_cycle() -> None:
    moves = {(state, action): move.target for action, move in ACTIONS.items() for state in move.sources}
    assert moves == EXPECTED
    for state in STATES:
        assert allowed_actions(state) == [action for action in ACTIONS if permits(state, action)]


def test_no_move_leaves_a_final_state() -> None:
    assert {state for state in STATES if not allowed_actions(state)} == FINAL


def test_every_state_is_reached() -> None:
    reached = {"draft"}
    for _ in STATES:
        reached |= {target for (state, _), target in EXPECTED.items() if state in reached}
    assert reached == set(STATES)


async def events_about(database: Database, contract_id: str) -> int:
    """How many events were written about a contract."""
    async with database.reading() as session:
        found = await session.execute(text("SELECT count(*) FROM outbox WHERE aggregate = :id"), {"id": contract_id})
        return int(found.scalar_one())


class ContractLife(RuleBasedStateMachine):
    """Its rules are requests to the real service; each example has a contract of its own."""

    runner: asyncio.Runner
    contracts: Any

    def __init__(self) -> None:
        super().__init__()
        self.state = "draft"
        self.version = 1
        self.contract: dict[str, Any] = {}
        self.done: list[str] = []

    @initialize(ready=st.booleans())
    def draft(self, ready: bool) -> None:
        # Half of them lack nothing that activation asks for, so that both answers of the guard are met.
        self.ready = ready
        self.contract = self.runner.run(self.contracts.draft(**({} if ready else {"indicators": []})))

    def request(self, action: str, **options: Any) -> Any:
        path = f"/v1/contracts/{self.contract['contract_id']}/{action}"
        return self.runner.run(self.contracts.staff.post(path, json=BODIES.get(action), **options))

    def shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.runner.run(self.contracts.get(f"/contracts/{self.contract['contract_id']}"))
        return shown

    def written(self) -> int:
        return self.runner.run(events_about(self.contracts.database, self.contract["contract_id"]))

    @rule(steps=st.integers(1, 3))
    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            if self.state in MAIN_PATH:
                self.take(MAIN_PATH[self.state])

    @rule(action=st.sampled_from(sorted(ACTIONS)))
    def move(self, action: str) -> None:
        self.take(action)

    def take(self, action: str) -> None:
        before, told = self.shown(), self.written()
        answer = self.request(action)
        target = EXPECTED.get((self.state, action))
        guarded = {"activate": not self.ready, "complete": not self.done}.get(action, False)
        if target is None or guarded:
            assert answer.status_code == 409, answer.text
            slug = answer.json()["type"].removeprefix("/problems/")
            if target is not None:
                assert slug == {"activate": "contract-not-activatable", "complete": "contract-not-completable"}[action]
                assert answer.json()["missing"]
            else:
                assert slug in ("contract-state-conflict", "contract-already-completed")
                assert answer.json()["actions"] == allowed_actions(self.state)
            assert self.shown() == before
            assert self.written() == told
            return
        assert answer.status_code == 200, answer.text
        self.state, self.version = target, self.version + 1
        assert answer.json()["state"] == target
        assert answer.headers["etag"] == f'"{self.version}"'
        assert self.written() == told + 1

    @rule()
    def refuse_what_is_stale(self) -> None:
        before = self.shown()
        for action in ACTIONS:
            answer = self.request(action, headers={"If-Match": f'"{self.version + 1}"'})
            assert answer.status_code == 412, answer.text
        assert self.shown() == before

    @precondition(lambda self: self.state == "active" and not self.done)
    @rule()
    def fulfil(self) -> None:
        self.runner.run(self.contracts.observe(self.contract))
        self.runner.run(self.contracts.report_milestones(self.contract))
        self.version += len(self.contract["milestones"])
        self.runner.run(self.contracts.accept(self.contract))
        self.runner.run(self.contracts.book(self.contract, "payment", self.contract["value"]))
        self.done = ["fulfilled"]

    def teardown(self) -> None:
        if not self.contract:
            return
        shown = self.shown()
        assert (shown["state"], shown["version"]) == (self.state, self.version)
        assert (shown["ended_at"] is not None) == (self.state in FINAL)


@pytest.fixture
def running(servers: Servers, contracts_type: Any) -> Iterator[tuple[asyncio.Runner, Any]]:
    """The service in an event loop of its own: hypothesis runs its machines in plain functions."""
    with asyncio.Runner() as runner:
        database = new_database(servers.postgres_url, "contracts")
        client = client_for(service, runner.run(database.__aenter__()))
        try:
            yield runner, contracts_type(runner.run(client.__aenter__()))
        finally:
            runner.run(client.__aexit__(None, None, None))
            runner.run(database.__aexit__(None, None, None))


def test_any_sequence_of_moves_keeps_the_life_cycle(running: tuple[asyncio.Runner, Any]) -> None:
    runner, contracts = running
    run_state_machine_as_test(
        type("RunningContractLife", (ContractLife,), {"runner": runner, "contracts": contracts}),
        settings=settings(
            max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
