"""Every kind has its words in every language."""

from typing import Any
from uuid import UUID

import pytest

from apps.notifications.domain.kinds import Kind, Language
from apps.notifications.domain.notifications import Notification
from apps.notifications.texts import words
from catalogue import published
from catalogue.schemas import schema_of
from chassis.identifiers import new_id
from chassis.messaging.events import event_type
from chassis.times import utc_now

EXAMPLES: dict[str, Any] = {
    event_type(model): schema_of(model)["examples"][0]
    for service in ("users", "orders", "inventory")
    for model in published(service)
}
REASONS = ["requested_by_customer", "requested_by_staff", "reservation_expired", "sale_rejected", "no_answer", "new"]


def notification(kind: Kind, **details: object) -> Notification:
    example = {**EXAMPLES[kind], **details}
    order = example.get("order_id")
    return Notification(new_id(), new_id(), 1, kind, example, UUID(order) if order else None, utc_now())


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_said(kind: Kind, language: Language) -> None:
    """In one line each, with the whole id of the order."""
    told = notification(kind)
    read = words(told, language)
    assert read.title
    assert "\n" not in read.title + read.body
    assert str(told.order_id or "") in read.body


@pytest.mark.parametrize("kind", Kind)
def test_languages_differ(kind: Kind) -> None:
    """Nobody has forgotten to translate."""
    assert words(notification(kind), Language.ENGLISH).body != words(notification(kind), Language.RUSSIAN).body


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_explained(reason: str, language: Language) -> None:
    """Also one that a newer publisher may add; no stable word shows."""
    body = words(notification(Kind.ORDER_CANCELLED, reason=reason), language).body
    assert body.endswith(".")
    assert "_" not in body
