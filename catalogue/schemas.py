"""JSON Schemas of the events' data, and whether a newer one still serves the readers of an older one."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from chassis.messaging.events import event_type, schema_version

Schema = Mapping[str, Any]

_BOUNDS = ("type", "format", "const", "enum", "pattern")


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of an event's data as its publisher writes it."""
    kind, version = event_type(model), schema_version(model)
    schema = model.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:quadrille:schema:{kind}:{version}",
        **schema,
    }


def breaks(old: Schema, new: Schema) -> list[str]:
    """What a reader of `old` may stumble over in `new`, in words: removed or retyped fields, new required ones."""
    before, after = dict(_fields(old)), dict(_fields(new))
    removed = [f"{path} is gone" for path in before if path not in after]
    retyped = [
        f"{path} was {_kind(before[path])} and is {_kind(after[path])}"
        for path in before
        if path in after and _kind(before[path]) != _kind(after[path])
    ]
    demanded = [f"{path} is new and required" for path, field in after.items() if path not in before and field["!"]]
    relaxed = [
        f"{path} is no longer required"
        for path in before
        if before[path]["!"] and not after.get(path, before[path])["!"]
    ]
    return removed + retyped + demanded + relaxed


def same_structure(one: Schema, other: Schema) -> bool:
    """Whether two schemas differ at most in the words for people."""
    return dict(_fields(one)) == dict(_fields(other))


def _kind(field: Schema) -> str:
    return " ".join(f"{name}={field[name]}" for name in _BOUNDS if name in field) or "anything"


def _fields(schema: Schema, node: Schema | None = None, path: str = "data") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field, and what lists `[]` and maps `{}` hold, by its path: what bounds its value, and whether it must be.

    The latter is under "!".
    """
    here = _resolved(schema, node if node is not None else schema)
    for name, child in here.get("properties", {}).items():
        yield f"{path}.{name}", {**_bounds(schema, child), "!": name in here.get("required", ())}
        yield from _fields(schema, child, f"{path}.{name}")
    for mark, held in (("[]", here.get("items")), ("{}", here.get("additionalProperties"))):
        if isinstance(held, Mapping):
            yield f"{path}{mark}", {**_bounds(schema, held), "!": False}
            yield from _fields(schema, held, f"{path}{mark}")
    for option in _options(here):
        yield from _fields(schema, option, path)


def _bounds(schema: Schema, node: Schema) -> dict[str, Any]:
    """What bounds the value itself; of several alternatives, each one's in short."""
    here = _resolved(schema, node)
    bounds = {key: here[key] for key in _BOUNDS if key in here}
    alternatives = sorted(" ".join(map(str, _bounds(schema, option).values())) for option in _options(here))
    return {**bounds, "type": "|".join(alternatives)} if alternatives else bounds


def _options(node: Schema) -> list[Schema]:
    return [*node.get("anyOf", ()), *node.get("oneOf", ())]


def _resolved(schema: Schema, node: Schema) -> Schema:
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Schema = schema["$defs"][reference.removeprefix("#/$defs/")]
    return found
