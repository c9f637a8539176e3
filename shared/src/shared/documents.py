"""Generates what is committed about the events: a JSON Schema per type and one AsyncAPI 3.0 document.

`python -m shared.documents write|check ROOT` writes `ROOT/shared/schemas/events` and `ROOT/docs/asyncapi.yaml`, or says
what differs. PyYAML is a development dependency; nothing at run time needs this module.
"""

import json
import sys
from pathlib import Path
from typing import Any

from shared.events import CATALOG, Envelope, EventEntry

__all__ = ["asyncapi", "documents", "event_schema", "main"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema(entry: EventEntry) -> dict[str, Any]:
    """JSON Schema of a payload. Consumers must ignore fields that they do not know; producers send none."""
    schema = entry.model.model_json_schema(mode="serialization")
    return {"$schema": _DIALECT, "$id": f"urn:gongping:{entry.name}", "x-kind": entry.kind, **schema}


def _channel(entry: EventEntry) -> dict[str, Any]:
    return {
        "address": f"gongping.{entry.name}.{{province}}",
        "summary": entry.summary,
        "parameters": {
            "province": {
                "description": "Two-digit GB/T 2260 code; 00 national reference data, xx outside China.",
                "examples": ["23", "00", "xx"],
            }
        },
        "messages": {"event": {"$ref": f"#/components/messages/{entry.model.__name__}"}},
        "servers": [{"$ref": "#/servers/nats"}],
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of every event type."""
    entries = sorted(CATALOG.values(), key=lambda entry: entry.name)
    envelope = Envelope.model_json_schema(mode="serialization")
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Envelope": envelope}
    for entry in entries:
        name = entry.model.__name__
        schema = entry.model.model_json_schema(
            mode="serialization", ref_template=f"#/components/schemas/{name}/$defs/{{model}}"
        )
        schemas[name] = schema
        messages[name] = {
            "name": entry.name,
            "title": name,
            "summary": entry.summary,
            "description": (
                "State: the whole aggregate; ignore a version that is not newer than yours."
                if entry.kind == "state"
                else "Fact: insert it by its own id; a repeat changes nothing."
            ),
            "contentType": "application/cloudevents+json",
            "headers": {
                "type": "object",
                "properties": {
                    "Nats-Msg-Id": {"type": "string", "description": "<source>.<epoch>:<seq>"},
                    "Gongping-Source": {"type": "string"},
                    "Gongping-Epoch": {
                        "type": "string",
                        "description": "Rises when the producer's database was restored.",
                    },
                    "Gongping-Seq": {
                        "type": "string",
                        "description": "Gap-free number of the event in its source and epoch.",
                    },
                },
            },
            "payload": {
                "allOf": [
                    {"$ref": "#/components/schemas/Envelope"},
                    {
                        "type": "object",
                        "properties": {
                            "type": {"const": entry.name},
                            "data": {"$ref": f"#/components/schemas/{name}"},
                        },
                    },
                ]
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gongping events",
            "version": "1",
            "description": "CloudEvents 1.0 in structured JSON over NATS JetStream; one stream per producing service.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"nats": {"host": "127.0.0.1:14222", "protocol": "nats", "description": "The local deployment."}},
        "channels": {entry.model.__name__: _channel(entry) for entry in entries},
        "operations": {
            f"publish{entry.model.__name__}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{entry.model.__name__}"},
                "summary": f"{entry.source} publishes.",
            }
            for entry in entries
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def documents(root: Path) -> dict[Path, str]:
    """Every generated file with its text."""
    import yaml  # noqa: PLC0415 - a development dependency

    files = {root / "docs/asyncapi.yaml": yaml.safe_dump(asyncapi(), allow_unicode=True, sort_keys=False, width=120)}
    for entry in CATALOG.values():
        text = json.dumps(event_schema(entry), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        files[root / f"shared/schemas/events/{entry.name}.json"] = text
    return files


def main(arguments: list[str]) -> int:
    """Write the files, or check that the committed ones are what would be written."""
    mode, root = arguments[0], Path(arguments[1])
    different = []
    for path, content in documents(root).items():
        if mode == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != content:
            different.append(path.relative_to(root).as_posix())
    for name in different:
        sys.stdout.write(f"{name} is not what the catalogue says; run `make docs-generate`\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
