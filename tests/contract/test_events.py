"""The contracts between services: what publishers promise, and what each consumer reads of it."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from catalogue import SERVICES, published, subscriptions, topology
from catalogue.asyncapi import document
from catalogue.contracts import files, invalid_document
from catalogue.schemas import schema_of
from catalogue.topology import unpublished
from chassis.messaging.events import event_type
from chassis.messaging.subscriptions import Reading, Subscription, Subscriptions

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
    """A field that the consumer needs, at any depth, cannot go without a red test."""
    example = examples(BY_TYPE[wanted.event_type])[0]
    needed = list(required(wanted.reading.model_json_schema()))
    assert needed
    for path in needed:
        with pytest.raises(ValidationError):
            wanted.reading.model_validate(without(example, path))


def required(schema: dict[str, Any], node: dict[str, Any] | None = None) -> Iterator[tuple[str | int, ...]]:
    """The paths of the fields that must be there; of a list, those of its first item."""
    here = schema if node is None else node
    here = schema["$defs"][here["$ref"].rpartition("/")[2]] if "$ref" in here else here
    for name in here.get("required", ()):
        yield (name,)
        yield from ((name, *path) for path in required(schema, here["properties"][name]))
    if "items" in here:
        yield from ((0, *path) for path in required(schema, here["items"]))


def without(example: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """The example with one field less."""
    changed = copy.deepcopy(example)
    node: Any = changed
    for step in path[:-1]:
        node = node[step]
    del node[path[-1]]
    return changed


def test_nobody_waits_for_an_event_that_nobody_publishes() -> None:
    """Every subscription has its publisher."""
    assert unpublished() == []


def test_waiting_for_an_unpublished_event_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an event nor a publisher can be made up."""
    hopeful = Subscriptions("inventory")
    hopeful.on("orders", "order.gift_wrapped", Reading)(lambda *_: None)
    hopeful.on("warehouse", "order.placed", Reading)(lambda *_: None)
    monkeypatch.setattr(topology, "subscriptions", lambda: [hopeful])
    assert len(unpublished()) == 2
    assert unpublished()[0] == "inventory listens to order.gift_wrapped of orders, which does not publish it"
    assert topology.main(["--check"]) != 0


def test_document_is_valid_and_a_broken_one_is_not() -> None:
    """The AsyncAPI models accept ours, and would tell."""
    text = next(text for path, text in files().items() if path.name == "asyncapi.json")
    assert invalid_document(text) == []
    assert invalid_document(text.replace('"action": "send"', '"action": "shout"')) != []
    assert set(document()["channels"]) == set(SERVICES)
