"""What the API takes and gives, as marshmallow schemas; and how an order and its timeline are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma

from apps.orders.domain.lines import MAX_LINES, MAX_QUANTITY, SKU_PATTERN, AskedLine, Line
from apps.orders.domain.money import Money
from apps.orders.domain.order import Order, Status
from apps.orders.domain.timeline import Entry
from chassis.http.app import Schema
from chassis.times import rfc3339

MOMENT = {"format": "date-time"}


class AskedLineSchema(Schema):
    """One product, and how many of it."""

    sku = ma.fields.String(required=True, validate=ma.validate.Regexp(SKU_PATTERN, error="Not a valid SKU."))
    quantity = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(1, MAX_QUANTITY))


def _one_line_per_sku(lines: Sequence[Mapping[str, Any]]) -> None:
    # As a validator of the list it runs only when every line of it is well-formed.
    skus = [line["sku"] for line in lines]
    twice = sorted({sku for sku in skus if skus.count(sku) > 1})
    if twice:
        raise ma.ValidationError(f"One line per SKU: {', '.join(twice)} comes more than once.")


class AskedOrderSchema(Schema):
    """What an order shall hold."""

    lines = ma.fields.List(
        ma.fields.Nested(AskedLineSchema),
        required=True,
        validate=[ma.validate.Length(1, MAX_LINES), _one_line_per_sku],
    )

    @ma.post_load
    def as_lines(self, data: Mapping[str, Any], **_: Any) -> list[AskedLine]:
        """The lines as the domain knows them."""
        return [AskedLine(**line) for line in data["lines"]]


class ListQuerySchema(Schema):
    """The filter of a list."""

    status = ma.fields.Enum(Status, by_value=ma.fields.String, load_default=None)


class MoneySchema(Schema):
    """An amount of money."""

    amount = ma.fields.String(required=True, metadata={"description": "Decimal digits", "examples": ["12.50"]})
    currency = ma.fields.String(required=True, metadata={"description": "ISO 4217"})


class LineSchema(Schema):
    """One line, with the name and the price that were agreed."""

    sku = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    quantity = ma.fields.Integer(required=True)
    unit_price = ma.fields.Nested(MoneySchema, required=True)


class OrderSchema(Schema):
    """An order."""

    id = ma.fields.UUID(required=True)
    customer_id = ma.fields.UUID(required=True)
    status = ma.fields.Enum(Status, by_value=ma.fields.String, required=True)
    revision = ma.fields.Integer(required=True, metadata={"description": "The newest that was asked"})
    held_revision = ma.fields.Integer(required=True, metadata={"description": "The one that is held; 0: none"})
    lines = ma.fields.List(
        ma.fields.Nested(LineSchema),
        required=True,
        metadata={"description": "The held ones, or the asked ones while nothing is held"},
    )
    total = ma.fields.Nested(MoneySchema, required=True, metadata={"description": "The price of `lines`"})
    reason = ma.fields.String(required=True, allow_none=True, metadata={"description": "A stable word, or null"})
    created_at = ma.fields.String(required=True, metadata=MOMENT)
    updated_at = ma.fields.String(required=True, metadata=MOMENT)


class EntrySchema(Schema):
    """One thing that happened to an order."""

    at = ma.fields.String(required=True, metadata=MOMENT)
    type = ma.fields.String(required=True, metadata={"description": "The event's type"})
    source = ma.fields.String(required=True, metadata={"description": "The service that published it"})
    detail = ma.fields.String(required=True)
    trace_id = ma.fields.String(required=True, allow_none=True)


def shown(order: Order) -> dict[str, Any]:
    """The order as `OrderSchema` has it."""
    return {
        "id": order.id,
        "customer_id": order.customer_id,
        "status": order.status,
        "revision": order.revision,
        "held_revision": order.held_revision,
        "lines": [_line(line) for line in order.lines],
        "total": _money(order.total),
        "reason": order.reason,
        "created_at": rfc3339(order.created_at),
        "updated_at": rfc3339(order.updated_at),
    }


def shown_entry(entry: Entry) -> dict[str, Any]:
    """The entry as `EntrySchema` has it."""
    return {
        "at": rfc3339(entry.at),
        "type": entry.type,
        "source": entry.source,
        "detail": entry.detail,
        "trace_id": entry.trace_id,
    }


def _line(line: Line) -> dict[str, Any]:
    return {"sku": line.sku, "name": line.name, "quantity": line.quantity, "unit_price": _money(line.unit_price)}


def _money(money: Money) -> dict[str, str]:
    return {"amount": money.text, "currency": money.currency}
