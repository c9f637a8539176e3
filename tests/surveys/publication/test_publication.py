"""What is published of a closed wave, to whom, and what is not."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from tests.surveys.conftest import FOREIGN, ITEMS, REGION, Surveys, answers
from tests.surveys.publication.conftest import crowd, get, publish, published_wave, recompute, revise, store

from surveys.publication.service import published

OFFICERS = ("finance", "purchaser", "evaluator", "auditor", "operator")


def figure(document: dict[str, Any], item: str, measure: str) -> dict[str, Any]:
    (found,) = (each for each in document["items"] if (each["item"], each["measure"]) == (item, measure))
    return dict(found)


async def test_closed_wave_is_published_by_itself(surveys: Surveys) -> None:
    people = crowd(150, satisfied=0.7)
    wave = await surveys.completed_wave(beneficiary_population=200)
    await store(surveys, wave["id"], people)
    results = await surveys.close(wave["id"])
    path = f"/v1/waves/{wave['id']}/publication"
    early = await surveys.client.anonymous.get(path)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/publication-pending")
    assert await publish(surveys) == 1
    document = await get(surveys, path)
    assert (document["release"], document["policy"], document["n"]) == (1, "publish-v1", 150)
    assert (document["simulated"], document["region"], document["kind"]) == (True, REGION, "completion")
    assert document["contract_title"] == "社区居家养老服务"
    assert document["results_sha256"] == results["sha256"]
    assert document["response_rate"] == pytest.approx(0.75)
    share = float(np.mean([person["answers"]["overall"] >= 4 for person in people]))
    headline = document["headline"]
    assert headline == figure(document, "overall", "top2")
    assert headline["estimate"] == pytest.approx(share, abs=1e-6)
    assert headline["text"] == f"{round(share * 100)} %"
    assert headline["ci_low"] < share < headline["ci_high"]
    assert headline["question"]["en"]
    assert {each["item"] for each in document["items"]} == set(ITEMS)
    assert document["releases"] == [{"number": 1, "result_revision": 1, "sha256": document["sha256"]}]
    async with surveys.database.reading() as session:
        # The function that exports and page use gives what the interface gives.
        shared = await published(session, wave["id"])
    assert {name: document[name] for name in ("items", "n", "headline")} == {
        name: shared[name] for name in ("items", "n", "headline")
    }


async def test_fewer_than_ten_answers_tell_nothing(surveys: Surveys) -> None:
    wave = await published_wave(surveys, [answers(1)] * 9)
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    assert (document["n"], document["fewer_than"]) == (None, 10)
    assert (document["items"], document["headline"], document["breakdowns"]) == ([], None, [])
    assert document["response_rate"] is document["r_indicator"] is document["flagged_share"] is None
    assert document["no_opinion"] == {}
    assert (await get(surveys, f"/v1/waves/{wave['id']}/publication/tables"))["tables"] == []
    assert (await get(surveys, f"/v1/waves/{wave['id']}/keyphrases"))["items"] == []
    quality = await surveys.client.as_("auditor").get(f"/v1/waves/{wave['id']}/quality")
    assert quality.status_code == 200
    assert (quality.json()["n"], quality.json()["flags"], quality.json()["estimates"]) == (None, {}, [])


async def test_unreliable_figures_are_named_without_their_number(surveys: Surveys) -> None:
    wave = await published_wave(surveys, crowd(20, seed=3), beneficiary_population=1000)
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    assert document["n"] == 20
    for found in document["items"]:
        assert found["status"] == "unreliable"
        assert "n-eff-below-30" in found["reasons"]
        assert [found[name] for name in ("text", "estimate", "ci_low", "ci_high", "unweighted", "bounds_low")] == [
            None
        ] * 6


async def test_all_and_nobody_are_told_as_limits(surveys: Surveys) -> None:
    people = [answers(5, staff=1) for _ in range(120)]
    wave = await published_wave(surveys, people, beneficiary_population=150)
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    everybody, nobody = figure(document, "overall", "top2"), figure(document, "staff", "top2")
    assert (everybody["text"], everybody["estimate"], everybody["unweighted"]) == ("> 96 %", None, None)
    assert (nobody["text"], nobody["estimate"]) == ("< 4 %", None)
    index = figure(document, "overall", "index100")
    assert index["text"].startswith("> ")
    assert index["estimate"] is None
    assert "100 %" not in str(document).replace("'0 %'", "")


async def test_answers_to_an_item_are_not_told_next_to_all_answers(surveys: Surveys) -> None:
    people = crowd(100)
    for person in people[:4]:
        person["answers"]["staff"] = "dont_know"
    for person in people[:30]:
        person["answers"]["before"] = "dont_know"
    wave = await published_wave(surveys, people)
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    assert figure(document, "overall", "top2")["n"] == 100
    assert figure(document, "staff", "top2")["n"] is None
    assert figure(document, "before", "top2")["n"] == 70
    assert (document["no_opinion"]["overall"], document["no_opinion"]["staff"]) == ("0 %", None)
    assert document["no_opinion"]["before"] == "30 %"


async def test_open_link_has_no_interval(surveys: Surveys) -> None:
    people = crowd(150)
    for person in people:
        person["answers"]["staff"] = 5
    wave = await published_wave(surveys, people, beneficiary_population=None)
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    assert document["design"] == "open_link"
    assert document["response_rate"] is None
    for found in document["items"]:
        assert (found["status"], found["ci_low"], found["ci_high"]) == ("caution", None, None)
        assert "open-link" in found["reasons"]
        assert found["text"]
    assert (figure(document, "staff", "top2")["text"], figure(document, "staff", "top2")["estimate"]) == (
        "> 97 %",
        None,
    )


async def test_open_wave_has_no_publication(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    for part in ("publication", "publication/tables", "keyphrases", "ledger"):
        answer = await surveys.client.anonymous.get(f"/v1/waves/{wave['id']}/{part}")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wave-not-closed"), part
    missing = await surveys.client.anonymous.get("/v1/waves/0190b7a0-0000-7000-8000-000000000000/publication")
    assert missing.status_code == 404


async def test_published_is_public_everywhere_and_quality_is_not(surveys: Surveys) -> None:
    wave = await published_wave(surveys, crowd(60))
    abroad = surveys.client.as_("auditor", regions=[FOREIGN])
    assert (await abroad.get(f"/v1/waves/{wave['id']}/publication")).status_code == 200
    assert (await abroad.get(f"/v1/waves/{wave['id']}/quality")).status_code == 404
    for role in OFFICERS:
        assert (await surveys.client.as_(role).get(f"/v1/waves/{wave['id']}/quality")).status_code == 200
    assert (await surveys.client.as_("provider").get(f"/v1/waves/{wave['id']}/quality")).status_code == 403
    assert (await surveys.client.anonymous.get(f"/v1/waves/{wave['id']}/quality")).status_code == 401
    again = await surveys.client.as_("purchaser").post(f"/v1/waves/{wave['id']}/publication")
    assert again.status_code == 403


async def test_release_cannot_be_changed(surveys: Surveys) -> None:
    wave = await published_wave(surveys, crowd(40))
    operator = surveys.client.as_("operator")
    again = await operator.post(f"/v1/waves/{wave['id']}/publication")
    assert (again.status_code, again.json()["release"], len(again.json()["releases"])) == (200, 1, 1)
    for table in ("wave_releases", "wave_ledgers", "ledger_chunks"):
        with pytest.raises(Exception, match="immutable"):
            async with surveys.database.transaction() as session:
                await session.execute(text(f"DELETE FROM {table}"))


async def remove(surveys: Surveys, leaves: list[bytes]) -> None:
    """Delete answers, as a person may ask for by law in a wave that is not anonymous."""
    async with surveys.database.transaction() as session:
        await session.execute(text("DELETE FROM responses WHERE leaf = ANY(:leaves)"), {"leaves": leaves})


async def test_release_too_close_to_an_earlier_one_is_refused(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(beneficiary_population=200)
    leaves = await store(surveys, wave["id"], crowd(120))
    await surveys.close(wave["id"])
    await publish(surveys)
    await recompute(surveys, wave["id"])
    assert await publish(surveys) == 1
    path = f"/v1/waves/{wave['id']}/publication"
    same = await get(surveys, path)
    assert (same["release"], same["result_revision"], same["n"]) == (2, 2, 120)
    await remove(surveys, leaves[:4])
    await revise(surveys, wave["id"], n=116)
    assert (await get(surveys, path))["release"] == 2
    operator = surveys.client.as_("operator")
    refused = await operator.post(path)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/release-too-close")
    assert "4 respondents" in refused.json()["detail"]
    assert "10 or more" in refused.json()["detail"]
    await remove(surveys, leaves[4:12])
    await revise(surveys, wave["id"], n=108)
    third = await get(surveys, path)
    assert (third["release"], third["n"]) == (3, 108)
    first = await get(surveys, path, release=1)
    assert (first["release"], first["n"], len(first["releases"])) == (1, 120, 3)
    await remove(surveys, leaves)
    await revise(surveys, wave["id"], n=107)
    gone = await operator.post(path)
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/answers-deleted")
    assert (await get(surveys, path))["release"] == 3
    unknown = await surveys.client.anonymous.get(path, params={"release": 9})
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/release-not-found")


async def test_keyphrases_of_ten_respondents_and_nothing_raw(surveys: Surveys) -> None:
    people = crowd(60, satisfied=1.0)
    for number, person in enumerate(people):
        if number < 25:
            person["answers"] |= {"overall": 1, "improve": "送餐总是迟到，请联系13800000000"}
        elif number < 50:
            person["answers"] |= {"overall": 5, "improve": "护理员态度热情"}
        elif number < 54:
            person["answers"] |= {"improve": "收费混乱"}
    wave = await published_wave(surveys, people)
    (item,) = (await get(surveys, f"/v1/waves/{wave['id']}/keyphrases"))["items"]
    assert item["item"] == "improve"
    found = {phrase["text"]: phrase for phrase in item["phrases"]}
    assert (found["迟到"]["side"], found["迟到"]["respondents"]) == ("low", 25)
    assert any(phrase["side"] == "high" and "态度" in phrase["text"] for phrase in item["phrases"])
    assert not any(word in str(item["phrases"]) for word in ("混乱", "1380", "电话", "总是迟到，"))


async def test_officers_read_comments_redacted_and_alone(surveys: Surveys) -> None:
    people = crowd(40)
    for number, person in enumerate(people[:12]):
        person["answers"]["improve"] = f"第{number}次迟到，请打13800000000"
    wave = await published_wave(surveys, people)
    path = f"/v1/waves/{wave['id']}/comments"
    (item,) = (await surveys.client.as_("evaluator").get(path)).json()["items"]
    assert sorted(item["texts"]) == sorted(f"第{number}次迟到，请打[电话]" for number in range(12))
    assert set(item) == {"item", "question", "texts"}
    assert (await surveys.client.as_("provider").get(path)).status_code == 403
    few = crowd(40)
    for person in few[:9]:
        person["answers"]["improve"] = "迟到"
    other = await published_wave(surveys, few)
    (item,) = (await surveys.client.as_("evaluator").get(f"/v1/waves/{other['id']}/comments")).json()["items"]
    assert item["texts"] == []


async def test_quality_report_names_signs_and_their_weight(surveys: Surveys) -> None:
    people = crowd(120, satisfied=0.5)
    for number, person in enumerate(people):
        if number < 40:
            person |= {"mode": "enumerator", "enumerator": f"e{number % 2}"}
            person["answers"]["overall"] = 5 if number % 2 else 1
        elif number < 70:
            person |= {"mode": "counter"}
            person["answers"]["overall"] = 5
        if number >= 100:
            person |= {"seconds": 3}
    wave = await published_wave(surveys, people, beneficiary_population=300)
    answer = await surveys.client.as_("auditor").get(f"/v1/waves/{wave['id']}/quality")
    report = answer.json()
    assert (report["n"], report["flags"]["speeder"]) == (120, 20)
    assert report["flagged"] >= 20
    assert report["enumerators"]["enumerators"] == 2
    assert report["enumerators"]["icc"] > 0.9
    assert report["modes"]["answers"] == {"web": 50, "counter": 30, "enumerator": 40}
    assert report["modes"]["counter_gap"]["counter_less_others"] > 0.3
    assert report["near_duplicates"]["compared"] == 120
    headline = next(each for each in report["estimates"] if (each["item"], each["measure"]) == ("overall", "top2"))
    assert headline["without_flagged"] is not None
    assert headline["estimate"] != headline["without_flagged"]
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    assert "without_flagged" not in str(document)
