"""The contracts between services: what publishers promise, and what each consumer reads of it."""

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from catalogue import SERVICES, published, subscriptions
from catalogue.asyncapi import document
from catalogue.contracts import files, invalid_document
from catalogue.schemas import breaks, same_structure, schema_of
from catalogue.topology import unpublished
from chassis.messaging.events import event_type
from chassis.messaging.subscriptions import Subscription

MODELS = [model for service in SERVICES for model in published(service)]
BY_TYPE = {event_type(model): model for model in MODELS}
READ = [(each.service, wanted) for each in subscriptions() for wanted in each]


def examples(model: type[BaseModel]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = schema_of(model).get("examples", [])
    return found


@pytest.mark.parametrize("model", MODELS, ids=event_type)
def test_publisher_explains_its_event(model: type[BaseModel]) -> None:
    """A sentence for the event, one for each field, and an example that keeps the schema."""
    schema = schema_of(model)
    assert schema["description"]
    assert all("description" in field for field in schema["properties"].values())
    assert examples(model)
    for example in examples(model):
        Draft202012Validator(schema).validate(example)
        assert set(model.model_validate(example).model_dump(mode="json")) == set(example)


@pytest.mark.parametrize(("service", "wanted"), READ, ids=lambda value: getattr(value, "event_type", value))
def test_consumer_reads_the_publishers_examples(service: str, wanted: Subscription) -> None:
    """Each consumer's own model takes what the publisher writes, and ignores what a newer one may add."""
    for example in examples(BY_TYPE[wanted.event_type]):
        read = wanted.reading.model_validate(example)
        assert wanted.reading.model_validate({**example, "added_later": {"by": "a newer publisher"}}) == read


@pytest.mark.parametrize(("service", "wanted"), READ, ids=lambda value: getattr(value, "event_type", value))
def test_consumer_notices_a_missing_field(service: str, wanted: Subscription) -> None:
    """A field that the consumer needs cannot go without a red test."""
    example = examples(BY_TYPE[wanted.event_type])[0]
    needed = [name for name, field in wanted.reading.model_fields.items() if field.is_required()]
    for name in needed:
        with pytest.raises(ValidationError):
            wanted.reading.model_validate({key: value for key, value in example.items() if key != name})


def test_nobody_waits_for_an_event_that_nobody_publishes() -> None:
    """Every subscription has its publisher."""
    assert unpublished() == []


def test_document_is_valid_and_a_broken_one_is_not() -> None:
    """The AsyncAPI models accept ours, and would tell."""
    text = next(text for path, text in files().items() if path.name == "asyncapi.json")
    assert invalid_document(text) == []
    assert invalid_document(text.replace('"action": "send"', '"action": "shout"')) != []
    assert set(document()["channels"]) == set(SERVICES)


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
