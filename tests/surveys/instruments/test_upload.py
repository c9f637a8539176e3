"""A tenant's own questionnaire over HTTP: kept once, for good, and used by a wave."""

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from tests.surveys.conftest import Json, Surveys, contract_fields

from shared.events import ContractActivated
from shared.ids import new_id
from surveys.instruments.document import Instrument
from surveys.instruments.shipped import COMMON_CORE, shipped
from surveys.instruments.xlsform import write_xlsform
from surveys.tables import metadata

SAMPLER: dict[str, Any] = json.loads((Path(__file__).parent / "sampler.json").read_text(encoding="utf-8"))


def finance(surveys: Surveys, organisation: UUID | None = None) -> httpx.AsyncClient:
    return surveys.client.as_("finance", regions=["CN"], organisation=organisation)


async def test_uploading_keeps_the_questionnaire_once(surveys: Surveys) -> None:
    client = finance(surveys, new_id())
    first = await client.post("/v1/instruments", json=SAMPLER)
    assert first.status_code == 201, first.text
    again = await client.post("/v1/instruments", json=SAMPLER)
    assert (again.status_code, again.json()) == (200, first.json())
    body = first.json()
    assert body["document"] == SAMPLER
    assert body["origin"] == "uploaded"
    languages = {each["tag"]: each for each in body["languages"]}
    assert languages["mn-Mong-CN"]["writing_mode"] == "vertical-lr"
    assert languages["mn-Mong-CN"]["completeness"] == 0
    assert "/items/3/rows/1/text" in languages["mn-Mong-CN"]["missing"]
    read = await surveys.client.anonymous.get("/v1/instruments/sampler")
    assert read.json() == body
    async with surveys.database.reading() as session:
        row = (
            await session.execute(text("SELECT origin, organisation_id FROM instruments WHERE id = 'sampler'"))
        ).one()
        acts = (await session.execute(text("SELECT fields FROM audit WHERE action = 'instrument.uploaded'"))).all()
    assert row.origin == "uploaded"
    assert row.organisation_id is not None
    assert len(acts) == 1


async def test_codes_belong_to_who_used_them_first(surveys: Surveys) -> None:
    ours, theirs = finance(surveys, new_id()), finance(surveys, new_id())
    assert (await ours.post("/v1/instruments", json=SAMPLER)).status_code == 201
    newer = SAMPLER | {"version": "1.1.0"}
    refused = await theirs.post("/v1/instruments", json=newer)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/instrument-id-taken")
    assert (await ours.post("/v1/instruments", json=newer)).status_code == 201
    # An operator may mend what is anybody's; the owner stays.
    operator = surveys.client.as_("operator")
    assert (await operator.post("/v1/instruments", json=SAMPLER | {"version": "1.2.0"})).status_code == 201
    assert (await theirs.post("/v1/instruments", json=SAMPLER | {"version": "1.3.0"})).status_code == 409
    assert (await ours.post("/v1/instruments", json=SAMPLER | {"version": "1.3.0"})).status_code == 201
    newest = await surveys.client.anonymous.get("/v1/instruments/sampler")
    assert newest.json()["version"] == "1.3.0"


async def test_a_kept_version_has_one_content(surveys: Surveys) -> None:
    client = finance(surveys)
    assert (await client.post("/v1/instruments", json=SAMPLER)).status_code == 201
    other = await client.post("/v1/instruments", json=SAMPLER | {"title": {"en": "Another"}})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/instrument-version-taken")


async def test_a_shipped_code_is_never_taken(surveys: Surveys) -> None:
    # Else one tenant's newer version would be what every completed contract of the country is asked.
    document = shipped()[COMMON_CORE, "1.0.0"].document | {"version": "9.0.0"}
    refused = await surveys.client.as_("operator").post("/v1/instruments", json=document)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/instrument-id-taken")


@pytest.mark.parametrize(
    ("place", "value", "pointer"),
    [
        (["items", 0, "scale"], "missing", "/"),
        (["items", 0, "headline"], "yes", "/items/0/rating/headline"),
        (["items", 5, "low"], {}, "/items/5/nps/low"),
        (["scales", 0, "points", 0, "value"], "4", "/scales/0/points/0/value"),
        (["surprise"], 1, "/surprise"),
        (["version"], "1", "/version"),
    ],
)
async def test_a_malformed_questionnaire_is_refused_with_its_place(
    surveys: Surveys, place: Sequence[str | int], value: Json, pointer: str
) -> None:
    document: Json = deepcopy(SAMPLER)
    node = document
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = value
    refused = await finance(surveys).post("/v1/instruments", json=document)
    assert refused.status_code == 422
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]


async def test_forms_go_out_and_come_back(surveys: Surveys) -> None:
    client = finance(surveys)
    assert (await client.post("/v1/instruments", json=SAMPLER)).status_code == 201
    out = await surveys.client.anonymous.get("/v1/instruments/sampler/xlsform")
    assert out.headers["content-type"].startswith("application/vnd.openxmlformats")
    assert 'filename="sampler-1.0.0.xlsx"' in out.headers["content-disposition"]
    shown = await client.post("/v1/instruments:xlsform", params={"preview": "true"}, content=out.content)
    assert (shown.status_code, shown.json()["stored"], shown.json()["notes"]) == (200, False, [])
    renamed = Instrument.model_validate(SAMPLER | {"id": "from-a-form"})
    kept = await client.post("/v1/instruments:xlsform", content=write_xlsform(renamed))
    assert (kept.status_code, kept.json()["stored"]) == (201, True)
    again = await client.post("/v1/instruments:xlsform", content=write_xlsform(renamed))
    assert again.status_code == 200
    read = await surveys.client.anonymous.get("/v1/instruments/from-a-form")
    assert read.json()["sha256"] == kept.json()["instrument"]["sha256"]


@pytest.mark.parametrize("body", [b"", b"{}", b"PK\x03\x04 no archive"])
async def test_what_is_no_workbook_is_refused(surveys: Surveys, body: bytes) -> None:
    refused = await finance(surveys).post("/v1/instruments:xlsform", content=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/instrument-malformed")


async def test_an_uploaded_questionnaire_is_asked_by_a_wave(surveys: Surveys) -> None:
    client = finance(surveys)
    assert (await client.post("/v1/instruments", json=SAMPLER)).status_code == 201
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    opening = {
        "contract_id": str(contract.contract_id), "kind": "midterm", "design": "open_link", "instrument_id": "sampler",
    }  # fmt: skip
    incomplete = await client.post("/v1/waves", json=opening | {"languages": ["en", "mn-Mong-CN"]})
    assert (incomplete.status_code, incomplete.json()["completeness"]) == (409, {"mn-Mong-CN": 0.0})
    wave = await client.post("/v1/waves", json=opening)
    assert wave.status_code == 201, wave.text
    assert wave.json()["languages"] == ["zh-Hans", "en"]
    assert wave.json()["instrument_sha256"] == Instrument.model_validate(SAMPLER).sha256


async def test_tables_are_what_the_models_say(surveys: Surveys) -> None:
    def differences(connection: Connection) -> list[Any]:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        return [each for each in found if "instruments" in str(each)]

    async with surveys.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
