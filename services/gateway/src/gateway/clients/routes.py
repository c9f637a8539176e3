from typing import Annotated

from fastapi import Header, Path, Request, Response

from gateway.clients import service
from gateway.clients.errors import ClientNotFound, SecretNotRepeatable
from gateway.clients.queries import clients_page, visible_client
from gateway.clients.schemas import CLIENT_ID, ClientCreated, ClientIn, ClientOut
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router as new_router

__all__ = ["router"]

router = new_router(tags=["clients"])
Operator = Annotated[Principal, allow("operator")]
ClientId = Annotated[str, Path(pattern=CLIENT_ID, description="`client_id` of the client.")]


@router.post("/clients", status_code=201, summary="Create a client")
async def create_client(
    body: ClientIn,
    session: WriteSession,
    principal: Operator,
    response: Response,
    idempotency_key: Annotated[str | None, Header(description="Not accepted here: the secret is shown once.")] = None,
) -> ClientCreated:
    """Create a client of the API. The answer holds its secret, which is kept as a hash only.

    The name is unique, so that a repeated request is refused (409) instead of making a second client.
    """
    if idempotency_key is not None:
        raise SecretNotRepeatable(
            "Send no Idempotency-Key: a stored answer would hold the secret. The unique name makes repeating safe.",
            errors=[{"pointer": "header:idempotency-key", "detail": "not accepted here"}],
        )
    client, secret = await service.create_client(
        session,
        principal=principal,
        name=body.name,
        roles=body.roles,
        regions=body.regions,
        organisation=body.organisation,
        unit=body.unit,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"/v1/clients/{client.id}"
    return ClientCreated(**ClientOut.model_validate(client).model_dump(), client_secret=secret)


@router.get("/clients", summary="List clients")
async def list_clients(
    request: Request, response: Response, session: ReadSession, principal: Operator, paging: PageQuery
) -> Page[ClientOut]:
    """Clients by id, those whose regions all lie within the operator's scope."""
    clients = await clients_page(session, principal=principal, limit=paging.limit, after=paging.cursor)
    page = clients[: paging.limit]
    following = encode_cursor(page[-1].id) if len(clients) > len(page) else None
    return page_response(
        request, response, [ClientOut.model_validate(client) for client in page], next_cursor=following
    )


@router.get("/clients/{client_id}", summary="Read a client")
async def get_client(client_id: ClientId, session: ReadSession, principal: Operator) -> ClientOut:
    """One client, never its secret."""
    client = await visible_client(session, client_id, principal=principal)
    if client is None:
        raise ClientNotFound("There is no such client, or its regions reach beyond your scope.")
    return ClientOut.model_validate(client)


@router.post("/clients/{client_id}/disable", summary="Disable a client")
async def disable_client(client_id: ClientId, session: WriteSession, principal: Operator) -> ClientOut:
    """Take a client's access away. It counts at this gateway process with the answer, at every other within seconds."""
    return ClientOut.model_validate(await service.disable_client(session, client_id, principal=principal))


@router.post("/clients/{client_id}/enable", summary="Enable a client")
async def enable_client(client_id: ClientId, session: WriteSession, principal: Operator) -> ClientOut:
    """Give a disabled client its access back. Tokens from before stay refused; it asks for a new one."""
    return ClientOut.model_validate(await service.enable_client(session, client_id, principal=principal))
