"""Organisations over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.bulk import BulkOut, apply_each
from contracts.lists import id_after
from contracts.organisations import queries, service
from contracts.organisations.eligibility import eligibility_of
from contracts.organisations.individuals import individuals_key, pseudonym_of
from contracts.organisations.models import Organisation
from contracts.organisations.schemas import (
    EligibilityOut,
    IndividualIn,
    OrganisationBulkIn,
    OrganisationIn,
    OrganisationOut,
    OrganisationRole,
    UsccOut,
    VerdictOut,
    WarningOut,
)
from contracts.organisations.uscc import KINDS, check_uscc
from contracts.regions.queries import division_warnings
from shared.auth import Principal, allow
from shared.concurrency import etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router

__all__ = ["individuals", "routes"]

routes = router(tags=["organisations"])
# No answer is stored for a repetition, and no hash of a body that holds nothing but an identity number.
individuals = router(tags=["organisations"], recorded=False)

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Recorder = Annotated[Principal, allow("finance", "purchaser", "operator")]


def _out(organisation: Organisation, external_ids: list[dict[str, str]]) -> OrganisationOut:
    return OrganisationOut.model_validate(
        {
            **{
                name: getattr(organisation, name)
                for name in OrganisationOut.model_fields
                if name not in ("kind", "external_ids")
            },
            "kind": KINDS.get(organisation.uscc[:2]) if organisation.uscc else None,
            "external_ids": external_ids,
        }
    )


@routes.post("/organisations", status_code=201, summary="Record an organisation")
async def create_organisation(
    body: OrganisationIn, session: WriteSession, response: Response, _: Recorder
) -> OrganisationOut:
    """409 when its credit code or external id is recorded already: the problem names the organisation."""
    organisation = await service.create_organisation(session, body)
    response.headers["Location"] = f"/v1/organisations/{organisation.id}"
    response.headers["ETag"] = etag(organisation.version)
    return _out(
        organisation, [{"source": body.external_id.source, "id": body.external_id.id}] if body.external_id else []
    )


@routes.post("/organisations:bulk", summary="Record or update many organisations")
async def bulk_organisations(body: OrganisationBulkIn, session: WriteSession, request: Request, _: Recorder) -> BulkOut:
    """Upsert by `external_id`, else by credit code, with a result per item. Roles are added, never taken away."""
    limit = request.app.state.settings.max_bulk_organisations
    return await apply_each(session, body.items, service.upsert_organisation, limit=limit)


@individuals.post("/organisations:individual", summary="Record an individual as a provider")
async def record_individual(
    body: IndividualIn, session: WriteSession, request: Request, response: Response, _: Recorder
) -> OrganisationOut:
    """201 when new, 200 when known: the same person is found again by a keyed hash, and nothing else of it is kept.

    The number is in no row, event, log or answer. 409 while the secret is not set.
    """
    key = individuals_key(request.app.state.settings.contracts_key)
    pseudonym = pseudonym_of(body.number.get_secret_value(), document=body.document, key=key)
    organisation, new = await service.record_individual(session, pseudonym=pseudonym, simulated=body.simulated)
    response.status_code = 201 if new else 200
    response.headers["ETag"] = etag(organisation.version)
    return _out(organisation, [])


@routes.get("/organisations:check", summary="What a unified social credit code says")
async def check_code(
    _: Anyone, uscc: Annotated[str, Query(description="The code, 18 characters.", max_length=40)]
) -> UsccOut:
    """Both check characters (GB 32100 and, inside it, GB 11714), registrar, kind, division, and what it may do."""
    try:
        code = check_uscc(uscc)
    except ValueError as error:
        return UsccOut(
            uscc=uscc,
            valid=False,
            problem=str(error),
            registrar=None,
            kind=None,
            division=None,
            warnings=[],
            verdicts=[],
        )
    return UsccOut(
        uscc=uscc,
        valid=True,
        problem=None,
        registrar=code.registrar,
        kind=code.kind,
        division=code.division,
        warnings=[WarningOut.model_validate(warning) for warning in division_warnings(code.division)],
        verdicts=[VerdictOut.model_validate(verdict) for verdict in eligibility_of(uscc)],
    )


@routes.get("/organisations", summary="List organisations")
async def list_organisations(
    *,
    session: ReadSession,
    _: Anyone,
    page: PageQuery,
    request: Request,
    response: Response,
    uscc: Annotated[str | None, Query(description="Unified social credit code.", max_length=18)] = None,
    role: Annotated[OrganisationRole | None, Query(description="purchaser | provider | evaluator.")] = None,
    source: Annotated[str | None, Query(description="Source system of an external id.", max_length=100)] = None,
    external_id: Annotated[str | None, Query(description="Id in that source system.", max_length=200)] = None,
) -> Page[OrganisationOut]:
    """Organisations in the order in which they were recorded."""
    found = await queries.list_organisations(
        session, limit=page.limit, after=id_after(page), uscc=uscc, role=role, source=source, external_id=external_id
    )
    shown = found[: page.limit]
    ids = await queries.external_ids_of(session, organisation_ids=[organisation.id for organisation in shown])
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [_out(o, ids[o.id]) for o in shown], next_cursor=next_cursor)


@routes.get("/organisations/{organisation_id}", summary="Show an organisation")
async def show_organisation(
    organisation_id: UUID, session: ReadSession, response: Response, _: Anyone
) -> OrganisationOut:
    """National reference data, readable by all."""
    organisation = await queries.get_organisation(session, organisation_id=organisation_id)
    ids = await queries.external_ids_of(session, organisation_ids=[organisation.id])
    response.headers["ETag"] = etag(organisation.version)
    return _out(organisation, ids[organisation.id])


@routes.get("/organisations/{organisation_id}/eligibility", summary="What code and class say about its roles")
async def show_eligibility(organisation_id: UUID, session: ReadSession, _: Anyone) -> EligibilityOut:
    """Informs and never refuses: where the code alone does not tell, it says what to ask."""
    organisation = await queries.get_organisation(session, organisation_id=organisation_id)
    verdicts = eligibility_of(
        organisation.uscc,
        institution_class=organisation.institution_class,
        individual=organisation.individual,
    )
    return EligibilityOut(
        organisation_id=organisation_id, verdicts=[VerdictOut.model_validate(verdict) for verdict in verdicts]
    )
