"""Contracts of the past: not evaluable is no score, hindsight lifts no grade, what was withdrawn counts no more."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid5

from tests.scoring.cases import AT, CONTRACT, REGION, complete_history, ident, observation, received, rows_of, state
from tests.scoring.conftest import Scoring

from scoring.evidence.items import contract_item, withdrawal_item
from scoring.scores.facts import read_facts
from shared.events import AgreedIndicator, ContractUpdated, ObservationWithdrawn
from shared.inbox import Received


def hindsight(number: int, like: AgreedIndicator, **changes: Any) -> AgreedIndicator:
    return like.model_copy(
        update={"indicator_id": ident(2, 50 + number), "code": f"late{number}", "added_after_the_fact": True, **changes}
    )


async def test_a_contract_closed_as_not_evaluable_has_no_score_and_never_0(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    assert (await scoring.head(CONTRACT))["score"] == "93.500000"
    body = state("completed", version=4).model_dump() | {"not_evaluable": "档案灭失"}
    closed = ContractUpdated(**body)
    await scoring.hear(closed)
    answer = await scoring.client.as_("finance").get(f"/v1/scores/{CONTRACT}")
    refused = answer.json()
    assert (refused["status"], refused["type"]) == (404, "/problems/score-not-evaluable")
    assert (refused["evaluation"], refused["reason"]) == ("notEvaluable", "档案灭失")
    rows = await scoring.rows("SELECT version FROM score_rows WHERE framework_id = 'cn-self-evaluation'")
    refused_act = await scoring.determine(CONTRACT, score_version=len(rows))
    assert refused_act.json()["type"] == "/problems/score-not-evaluable"
    await scoring.hear(ContractUpdated(**(body | {"version": 5, "not_evaluable": None})))
    assert (await scoring.head(CONTRACT))["score"] == "93.500000", "its evidence was found"
    assert len(await scoring.rows("SELECT 1 FROM score_rows WHERE framework_id = 'cn-self-evaluation'")) == len(rows)


def test_an_indicator_added_after_the_fact_neither_lifts_nor_lowers() -> None:
    history = complete_history()
    before = read_facts(str(CONTRACT), rows_of(history))
    assert before is not None
    agreed = history[0].indicators  # type: ignore[attr-defined]
    for value in (0, 1000):
        late = hindsight(value, agreed[0], weight=Decimal(500))
        ended = state("completed", version=3, indicators=(*agreed, late))
        facts = read_facts(str(CONTRACT), rows_of([*history[:6], ended, history[7], observation(9, late, value=value)]))
        assert facts is not None
        assert str(facts.agreed) == str(before.agreed), "as text, for an open end is no number"


def test_terms_that_say_nothing_new_keep_their_hash() -> None:
    plain = state("completed", version=3)
    assert '"not_evaluable"' not in contract_item(received(plain)).body  # type: ignore[arg-type]
    assert "added_after_the_fact" not in contract_item(received(plain)).body  # type: ignore[arg-type]
    late = state("completed", version=3, indicators=(hindsight(1, plain.indicators[0]),))
    assert '"added_after_the_fact":true' in contract_item(received(late)).body  # type: ignore[arg-type]


def test_a_withdrawn_observation_counts_no_more() -> None:
    history = complete_history()
    taken = history[1]
    withdrawal = ObservationWithdrawn(
        withdrawal_id=uuid5(taken.observation_id, "withdrawn"),  # type: ignore[attr-defined]
        observation_id=taken.observation_id,  # type: ignore[attr-defined]
        contract_id=CONTRACT,
        region=REGION,
        indicator_id=taken.indicator_id,  # type: ignore[attr-defined]
        observed_on=taken.observed_on,  # type: ignore[attr-defined]
        supersedes=taken.observation_id,  # type: ignore[attr-defined]
        recorded_at=AT,
    )
    event: Received[Any] = received(withdrawal)
    item = withdrawal_item(event)
    row = [str(item.id), item.kind, item.version, item.sha256, json.loads(item.body)]
    facts = read_facts(str(CONTRACT), [*rows_of(history), row])
    assert facts is not None
    assert [each.observed is None for each in facts.agreed["output"]] == [True]
    assert [each.observed is None for each in facts.agreed["benefit"]] == [False]
