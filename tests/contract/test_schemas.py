"""Published schemas may grow; what would break their readers is named and refused."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from apps.inventory.domain.events import StockReserved
from catalogue import contracts
from catalogue.contracts import changed_versions, incompatible_versions
from catalogue.schemas import breaks, same_structure, schema_of

BEFORE: dict[str, Any] = {
    "type": "object",
    "required": ["sku", "lines"],
    "properties": {
        "sku": {"type": "string"},
        "note": {"type": "string"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
    },
    "$defs": {
        "Line": {"type": "object", "required": ["quantity"], "properties": {"quantity": {"type": "integer"}}},
    },
}


def changed(**changes: Any) -> dict[str, Any]:
    """The schema with properties replaced, or taken out (None)."""
    schema = copy.deepcopy(BEFORE)
    for name, value in changes.items():
        schema["properties"][name] = value
    schema["properties"] = {name: value for name, value in schema["properties"].items() if value is not None}
    return schema


LINE = BEFORE["$defs"]["Line"]


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (changed(note=None), ["data.note is gone"]),
        (changed(sku={"type": "integer"}), ["data.sku was type=string and is type=integer"]),
        (
            {**changed(more={"type": "string"}), "required": ["sku", "lines", "more"]},
            ["data.more is new and required"],
        ),
        ({**BEFORE, "required": ["lines"]}, ["data.sku is no longer required"]),
        (
            {**BEFORE, "$defs": {"Line": {**LINE, "properties": {"quantity": {"type": "number"}}}}},
            ["data.lines[].quantity was type=integer and is type=number"],
        ),
        (changed(more={"type": "string"}), []),
        ({**BEFORE, "description": "Told better."}, []),
    ],
)
def test_change_that_breaks_readers_is_named(after: dict[str, Any], words: list[str]) -> None:
    """Removed, retyped and newly required fields, at any depth; an added optional one is welcome."""
    assert breaks(BEFORE, after) == words


def test_words_do_not_change_a_schema() -> None:
    """A better description needs no new version; another type does."""
    assert same_structure(BEFORE, {**BEFORE, "description": "Told better."})
    assert not same_structure(BEFORE, changed(sku={"type": "integer"}))


def test_committed_version_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another shape under the same number is refused, and nothing is written; other words are fine."""
    monkeypatch.setattr(contracts, "SCHEMAS", tmp_path)
    schema = schema_of(StockReserved)
    committed = tmp_path / "stock.reserved" / "1.0.json"
    committed.parent.mkdir()
    committed.write_text(json.dumps({**schema, "description": "Told worse."}))
    assert changed_versions() == []
    committed.write_text(
        json.dumps({**schema, "properties": {**schema["properties"], "order_id": {"type": "integer"}}})
    )
    assert changed_versions() == ["StockReserved has changed, but schema_version is still 1.0: raise it"]
    assert contracts.main([]) == 1
    assert [path.name for path in tmp_path.rglob("*.json")] == ["1.0.json"]


def test_minor_version_serves_the_readers_of_the_one_before(tmp_path: Path) -> None:
    """A new minor version may add; only a new major one may break."""
    for version, schema in {
        "1.9": BEFORE,
        "1.10": changed(more={"type": "string"}),
        "1.11": changed(note=None, more={"type": "string"}),
        "2.0": changed(sku={"type": "integer"}),
    }.items():
        (tmp_path / "order.placed").mkdir(exist_ok=True)
        (tmp_path / "order.placed" / f"{version}.json").write_text(json.dumps(schema))
    assert incompatible_versions(tmp_path) == ["order.placed 1.11 breaks 1.10: data.note is gone"]
