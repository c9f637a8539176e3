from fastapi import APIRouter, Request, Response

from gateway.openapi.service import merged_document

__all__ = ["router"]

router = APIRouter(tags=["documentation"])


@router.get("/openapi.json", include_in_schema=False)
async def read_openapi(request: Request) -> Response:
    """One OpenAPI 3.1 document of the whole API."""
    merged = await merged_document(request.app.state, request.app.openapi())
    headers = {"ETag": merged.etag, "Cache-Control": "public, max-age=10"}
    if request.headers.get("if-none-match") == merged.etag:
        return Response(status_code=304, headers=headers)
    return Response(merged.body, media_type="application/json", headers=headers)
