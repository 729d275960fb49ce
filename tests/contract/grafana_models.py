"""Checks JSON against Grafana's own models. They keep every value as it is, so its type is looked at here."""

import functools
import json
import typing
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from pydantic import ConfigDict, TypeAdapter, ValidationError

register_default_plugins()


def unknown_fields(written: dict[str, Any]) -> dict[str, Any]:
    """The values that are lost when the models read the dashboard and write it again, by their path."""
    read = Dashboard.from_json(json.loads(json.dumps(written)))
    kept = dict(_leaves(json.loads(json.dumps(read, cls=JSONEncoder))))
    return {path: value for path, value in _leaves(written) if kept.get(path, path) != value}


def misfits(written: dict[str, Any]) -> list[str]:
    """The values that are not of the type that the models declare."""
    return list(_misfits(Dashboard.from_json(json.loads(json.dumps(written))), Dashboard, "dashboard"))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}/{index}")
    else:
        yield path, value


def _misfits(value: Any, kind: Any, path: str) -> Iterator[str]:
    if hasattr(value, "to_json"):
        for name, inner in typing.get_type_hints(type(value)).items():
            yield from _misfits(getattr(value, name), inner, f"{path}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _misfits(inner, _element(kind), f"{path}/{index}")
    elif not _fits(value, kind):
        yield f"{path}: {value!r} is no {kind}"


def _element(kind: Any) -> Any:
    """What a list of this kind holds; nothing fits where no list is expected."""
    lists = [each for each in (kind, *typing.get_args(kind)) if typing.get_origin(each) is list]
    return typing.get_args(lists[0])[0] if lists else typing.Never


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True))


def _fits(value: Any, kind: Any) -> bool:
    try:
        _adapter(kind).validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True
