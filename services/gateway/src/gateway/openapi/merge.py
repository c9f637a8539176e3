"""Merging the OpenAPI documents of the gateway and the services into one. Pure functions over JSON values."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.auth import ROLES

__all__ = ["merge_documents"]

Document = dict[str, Any]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SECURITY = "client_credentials"


def merge_documents(
    own: Document, services: Mapping[str, Document | None], *, belongs: Callable[[str, str], bool]
) -> Document:
    """One OpenAPI 3.1 document out of the gateway's own and those of the services (None: not reachable now).

    `belongs(service, path)` says whether the gateway passes a path on to the service; all other paths of a service
    (health, metrics) are left out. A component that several documents define alike is taken once; where the definitions
    differ, directly or through what they refer to, each service's gets the service's name in front.
    """
    documents = {"": own} | {name: document for name, document in services.items() if document is not None}
    clashing = _clashing({name: _components(document) for name, document in documents.items()})
    taken: set[str] = set()
    merged: Document = {
        "openapi": "3.1.0",
        "info": own["info"] | {"title": "Gongping"},
        "servers": [{"url": "/"}],
        "security": [{_SECURITY: []}, {}],
        "paths": {},
        "components": {"securitySchemes": {_SECURITY: _security_scheme()}},
        "tags": [],
        "x-gongping-services": {
            name: {"status": "ok" if document is not None else "unavailable"} for name, document in services.items()
        },
    }
    for service, document in documents.items():
        names = {pair: _prefixed(service, pair[1]) for pair in clashing if service}
        renamed = _renamed(document, names)
        for path, item in renamed.get("paths", {}).items():
            if service and not belongs(service, path):
                continue
            merged["paths"][path] = merged["paths"].get(path, {}) | _with_unique_ids(item, service, taken)
        for kind, components in renamed.get("components", {}).items():
            target = merged["components"].setdefault(kind, {})
            for name, component in components.items():
                target[names.get((kind, name), name)] = component
        merged["tags"] += [tag for tag in renamed.get("tags", []) if tag not in merged["tags"]]
    _drop_unused(merged)
    return merged


def _security_scheme() -> Document:
    return {
        "type": "oauth2",
        "description": "Client credentials; the token is a JWT of a few minutes, sent as `Authorization: Bearer …`.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/oauth/token",
                "scopes": {role: f"Act as {role}." for role in ROLES if role != "public"},
            }
        },
    }


def _components(document: Document) -> dict[tuple[str, str], Any]:
    return {
        (kind, name): component
        for kind, components in document.get("components", {}).items()
        for name, component in components.items()
    }


def _clashing(by_document: Mapping[str, Mapping[tuple[str, str], Any]]) -> set[tuple[str, str]]:
    """Kind and name of the components that two documents define differently, or that refer to such a one."""
    definitions: dict[tuple[str, str], list[Any]] = {}
    for components in by_document.values():
        for pair, component in components.items():
            definitions.setdefault(pair, []).append(component)
    shared = {pair: found for pair, found in definitions.items() if len(found) > 1}
    clashing = {pair for pair, found in shared.items() if any(one != found[0] for one in found[1:])}
    while True:
        more = {pair for pair, found in shared.items() if pair not in clashing and _references(found[0]) & clashing}
        if not more:
            return clashing
        clashing |= more


def _references(value: object) -> set[tuple[str, str]]:
    return {reference for reference in map(_parsed, _strings_at_ref(value)) if reference is not None}


def _strings_at_ref(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner
            elif key == "mapping" and isinstance(inner, dict):
                yield from (target for target in inner.values() if isinstance(target, str))
            else:
                yield from _strings_at_ref(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings_at_ref(inner)


def _parsed(reference: str) -> tuple[str, str] | None:
    parts = reference.split("/")
    return (parts[2], parts[3]) if len(parts) == 4 and parts[:2] == ["#", "components"] else None


def _prefixed(service: str, name: str) -> str:
    return f"{service.capitalize()}{name}"


def _renamed(document: Document, names: Mapping[tuple[str, str], str]) -> Document:
    """A copy whose references follow the new names."""

    def copy(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, list):
            return [copy(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        result: dict[str, Any] = {}
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                result[key] = target(inner)
            elif key == "mapping" and isinstance(inner, dict):
                result[key] = {kind: target(ref) if isinstance(ref, str) else copy(ref) for kind, ref in inner.items()}
            else:
                result[key] = copy(inner)
        return result

    def target(reference: str) -> str:
        pair = _parsed(reference)
        new = names.get(pair) if pair is not None else None
        return reference if new is None or pair is None else f"#/components/{pair[0]}/{new}"

    copied: Document = copy(document)
    return copied


def _with_unique_ids(item: Document, service: str, taken: set[str]) -> Document:
    """Operation ids stay unique: a second one gets its service's name in front."""
    for method in _METHODS:
        operation = item.get(method)
        identity = operation.get("operationId") if operation else None
        if operation is None or identity is None:
            continue
        if identity in taken:
            identity = operation["operationId"] = f"{service}_{identity}"
        taken.add(identity)
    return item


def _drop_unused(document: Document) -> None:
    """Leave out the schemas that no path needs any more (those of the services' health and metrics)."""
    schemas: dict[str, Any] = document["components"].get("schemas", {})
    needed: set[tuple[str, str]] = set()
    open_ = _references(document["paths"])
    while open_:
        needed |= open_
        open_ = {
            reference
            for kind, name in open_
            for reference in _references(document["components"].get(kind, {}).get(name))
            if reference not in needed
        }
    document["components"]["schemas"] = {
        name: schema for name, schema in sorted(schemas.items()) if ("schemas", name) in needed
    }
