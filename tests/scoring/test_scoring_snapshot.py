"""What a listener that starts anew is told."""

from tests.scoring.cases import CONTRACT, complete_history, renamed
from tests.scoring.conftest import QUESTIONS, SELF, Scoring

from scoring.snapshot import snapshot
from shared.events import DeterminationIssued, ScoreUpdated
from shared.ids import new_id


async def test_snapshot_tells_every_head_and_every_determination(scoring: Scoring) -> None:
    await scoring.hear(*complete_history(), *renamed(complete_history(), new_id()))
    made = (await scoring.determine(CONTRACT)).json()
    async with scoring.database.reading() as session:
        told = [each async for each in snapshot(session)]
    scores = [data for data, _, _ in told if isinstance(data, ScoreUpdated)]
    assert len(scores) == 4
    head = await scoring.head(CONTRACT)
    mine = next(data for data in scores if (data.contract_id, data.framework_id) == (CONTRACT, SELF))
    stated = mine.model_dump(mode="json", exclude={"reasons", "causes", "previous_score", "previous_grade"})
    # How sure it is and who answers for what is the officers' alone: no event tells it.
    assert stated | {name: head[name] for name in ("parts", "ungated", "gates", "thin", "uncertainty")} == head
    (determination,) = [data for data, _, _ in told if isinstance(data, DeterminationIssued)]
    assert str(determination.determination_id) == made["id"]
    assert {region for _, _, region in told} == {"CN-230102"}
    assert {data.framework_id for data in scores} == {SELF, QUESTIONS}
