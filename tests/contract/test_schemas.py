"""Published schemas may grow; what would break their readers is named and refused."""

import copy
import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import create_model

from apps.inventory.domain.events import StockReserved
from catalogue import contracts
from catalogue.contracts import changed_since_head, changed_versions, incompatible_versions
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


def holding(shape: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"lines": shape}, "$defs": {"Line": line}}


REFERENCE = {"$ref": "#/$defs/Line"}
LIST, MAP = {"type": "array", "items": REFERENCE}, {"type": "object", "additionalProperties": REFERENCE}


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        (LIST, "data.lines[]"),
        (MAP, "data.lines{}"),
        ({"anyOf": [REFERENCE, {"type": "null"}]}, "data.lines"),
        ({"anyOf": [LIST, {"type": "null"}]}, "data.lines[]"),
        ({"anyOf": [MAP, {"type": "null"}]}, "data.lines{}"),
        ({"type": "array", "items": LIST}, "data.lines[][]"),
        ({"oneOf": [MAP, {"type": "null"}]}, "data.lines{}"),
    ],
)
def test_lists_and_maps_are_seen_into(shape: dict[str, Any], path: str) -> None:
    """Optional ones, and those in another, included: a removed and a retyped field of what they hold."""
    before = holding(shape, LINE)
    assert breaks(before, holding(shape, {**LINE, "properties": {}})) == [f"{path}.quantity is gone"]
    retyped = holding(shape, {**LINE, "properties": {"quantity": {"type": "string"}}})
    assert breaks(before, retyped) == [f"{path}.quantity was type=integer and is type=string"]
    more = {**LINE, "properties": {**LINE["properties"], "note": {"type": "string"}}}
    assert breaks(before, holding(shape, more)) == []
    assert not same_structure(before, retyped)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (list[str], list[int], ["data.value[] was type=string and is type=integer"]),
        (dict[str, str], dict[str, int], ["data.value{} was type=string and is type=integer"]),
        (list[str] | None, list[int] | None, ["data.value[] was type=string and is type=integer"]),
        (datetime | None, str | None, ["data.value was type=null|string date-time and is type=null|string"]),
        (dict[str, str], dict[str, Any], ["data.value{} is gone"]),
        (list[str], list[str], []),
    ],
)
def test_plain_values_are_compared_as_well(before: Any, after: Any, words: list[str]) -> None:
    """What a list or a map holds, and each of several alternatives, with its format."""
    old, new = (create_model("Changed", value=(kind, ...)).model_json_schema() for kind in (before, after))
    assert breaks(old, new) == words


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


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks into the folder that it is given, also when a hook of git runs the tests."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def committed(git: None, tmp_path: Path) -> Path:
    """A schema in a clone, committed."""
    schema = tmp_path / "docs" / "events" / "schemas" / "order.placed" / "1.0.json"
    schema.parent.mkdir(parents=True)
    schema.write_text(json.dumps(BEFORE))
    for command in (["init"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x", "commit", "-m", "First."]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)
    return schema


def test_head_keeps_what_was_published(committed: Path, tmp_path: Path) -> None:
    """A committed schema may not go, nor change its shape, though `make contracts` would write it anew."""
    assert changed_since_head(tmp_path) == []
    committed.with_name("1.1.json").write_text(json.dumps(changed(more={"type": "string"})))
    committed.write_text(json.dumps({**BEFORE, "description": "Told better."}))
    assert changed_since_head(tmp_path) == []
    committed.write_text(json.dumps(changed(note=None)))
    name = "docs/events/schemas/order.placed/1.0.json"
    assert changed_since_head(tmp_path) == [f"{name} has another shape than in git's HEAD: raise schema_version"]
    committed.unlink()
    assert changed_since_head(tmp_path) == [f"{name} is in git's HEAD, but gone: restore it"]


def test_no_head_no_complaint(git: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tarball has no history, a new clone no commit, an image no git."""
    assert changed_since_head(tmp_path) == []
    subprocess.run(["git", "-C", str(tmp_path), "init"], check=True, capture_output=True)
    assert changed_since_head(tmp_path) == []
    monkeypatch.setenv("PATH", "")
    assert changed_since_head(tmp_path) == []
