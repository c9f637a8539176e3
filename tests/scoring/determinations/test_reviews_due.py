"""A correction of a scored term marks what was determined before for review, and changes nothing of it."""

from tests.scoring.cases import CONTRACT, complete_history, ident, state
from tests.scoring.conftest import Scoring

from shared.events import ContractCorrected, ContractState


def corrected(number: int, *fields: str, version: int, **terms: object) -> ContractCorrected:
    body = state("completed", version=version, **terms).model_dump()
    return ContractCorrected.model_validate(body | {"correction_id": ident(71, number), "corrected": fields})


async def test_a_corrected_term_marks_the_determination_for_review(scoring: Scoring) -> None:
    history = complete_history()
    version = max(each.version for each in history if isinstance(each, ContractState))
    await scoring.hear(*history)
    made = (await scoring.determine(CONTRACT)).json()
    path = f"/v1/determinations/{made['id']}"
    assert made["review_due"] == []
    before = await scoring.head(CONTRACT)
    await scoring.hear(corrected(1, "title", version=version + 1))
    assert (await scoring.get(path))["review_due"] == []  # no score rests on a title
    await scoring.hear(corrected(2, "beneficiary_population", version=version + 2, beneficiary_population=77))
    shown = await scoring.get(path)
    (due,) = shown["review_due"]
    assert (due["reason"], due["correction_id"], due["fields"]) == (
        "correction",
        str(ident(71, 2)),
        ["beneficiary_population"],
    )
    assert {name: shown[name] for name in ("score", "grade", "content_hash")} == {
        name: made[name] for name in ("score", "grade", "content_hash")
    }
    head = await scoring.head(CONTRACT)
    assert head["version"] > before["version"]
    listed = (await scoring.get("/v1/determinations", contract_id=str(CONTRACT)))["items"]
    assert [len(each["review_due"]) for each in listed] == [1]
    # The review ends in a new determination: it knows the correction, and the old one is settled.
    again = await scoring.determine(CONTRACT, replaces=made["id"], reason="更正")
    assert again.status_code == 201, again.text
    assert again.json()["review_due"] == []
    assert (await scoring.get(path))["review_due"] == []
