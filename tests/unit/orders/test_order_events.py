"""The published events: their examples are real ones, and each has a sentence for the timeline."""

import pytest

from apps.orders.domain import events

MODELS = events.OrderEvent.__subclasses__()


@pytest.mark.parametrize("model", MODELS)
def test_example_is_an_event(model: type[events.OrderEvent]) -> None:
    """The documented example is exactly what the model writes."""
    (example,) = model.model_json_schema()["examples"]

    assert model.model_validate(example).model_dump(mode="json") == example


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_described(model: type[events.OrderEvent]) -> None:
    """A consumer's author finds each field explained."""
    assert all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize("model", MODELS)
def test_timeline_sentence(model: type[events.OrderEvent]) -> None:
    """Each event says in a sentence what happened."""
    (example,) = model.model_json_schema()["examples"]

    assert model.model_validate(example).detail.endswith(".")
