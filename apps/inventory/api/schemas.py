"""What the API takes and gives, as marshmallow schemas."""

import re
import unicodedata
from decimal import Decimal
from typing import Any

import marshmallow as ma

from apps.inventory.domain.products import SKU, Money
from chassis.http.app import Schema

MAX_UNITS = 1_000_000_000
MAX_NAME_LENGTH = 200
MAX_TEXT_LENGTH = 2_000
MAX_LINES = 50


def of_form(pattern: str, error: str, **options: Any) -> ma.fields.String:
    """A text that the whole pattern describes; marshmallow's own `$` would let a line feed pass after it."""

    def check(value: str) -> None:
        if re.fullmatch(pattern, value) is None:
            raise ma.ValidationError(error)

    metadata = {"pattern": f"^{pattern}$", **options.pop("metadata", {})}
    return ma.fields.String(validate=check, metadata=metadata, **options)


def sku_field(**options: Any) -> ma.fields.String:
    """The SKU of a product."""
    return of_form(SKU.pattern, "Not a SKU: 1 to 40 of A-Z, 0-9, dot, underscore, hyphen.", **options)


def printable(text: str) -> None:
    """Lets pass what can be shown in one line: no control characters, no halves of a surrogate pair."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ma.ValidationError("Control characters are not allowed.")


def printable_lines(text: str) -> None:
    """As `printable`, in several lines."""
    printable(text.translate({ord("\n"): " ", ord("\t"): " "}))


def units(least: int = 0, **options: Any) -> ma.fields.Integer:
    """A number of units."""
    return ma.fields.Integer(strict=True, validate=ma.validate.Range(least, MAX_UNITS), **options)


class MoneySchema(Schema):
    """An amount of a currency."""

    amount = of_form(
        r"[0-9]{1,9}(\.[0-9]{1,3})?",
        "Not an amount such as 12.50.",
        required=True,
        metadata={"description": "decimal, with as many decimals as the currency has", "example": "12.50"},
    )
    currency = of_form(
        "[A-Z]{3}",
        "Not an ISO 4217 code.",
        required=True,
        metadata={"description": "ISO 4217 code", "example": "EUR"},
    )

    @ma.post_load
    def as_money(self, fields: dict[str, str], **_: Any) -> Money:
        """The domain's own form."""
        try:
            return Money.of(Decimal(fields["amount"]), fields["currency"])
        except ValueError as error:
            raise ma.ValidationError(f"{error}.", "amount") from None


class ProductSchema(Schema):
    """A product as everybody sees it."""

    sku = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    description = ma.fields.String(required=True)
    price = ma.fields.Nested(MoneySchema, required=True)
    active = ma.fields.Boolean(required=True, metadata={"description": "whether it can be ordered"})


class ProductChangesSchema(Schema):
    """PATCH /products/{sku}: any of these."""

    name = ma.fields.String(validate=[ma.validate.Length(1, MAX_NAME_LENGTH), printable])
    description = ma.fields.String(validate=[ma.validate.Length(max=MAX_TEXT_LENGTH), printable_lines])
    price = ma.fields.Nested(MoneySchema)
    active = ma.fields.Boolean()
    low_stock_threshold = units(metadata={"description": "with fewer available, stock.low is said; 0: never"})


class NewProductSchema(Schema):
    """POST /products."""

    sku = sku_field(required=True)
    name = ma.fields.String(required=True, validate=[ma.validate.Length(1, MAX_NAME_LENGTH), printable])
    description = ma.fields.String(load_default="", validate=[ma.validate.Length(max=MAX_TEXT_LENGTH), printable_lines])
    price = ma.fields.Nested(MoneySchema, required=True)
    active = ma.fields.Boolean(load_default=True)
    stock = units(load_default=0, metadata={"description": "units there are at the beginning"})
    low_stock_threshold = units(
        load_default=0, metadata={"description": "with fewer available, stock.low is said; 0: never"}
    )


class SearchSchema(Schema):
    """GET /products."""

    q = ma.fields.String(
        load_default="",
        validate=[ma.validate.Length(max=MAX_NAME_LENGTH), printable],
        metadata={"description": "a part of the SKU, the name or the description"},
    )


class StockSchema(Schema):
    """The numbers of one product: received = available + reserved + sold."""

    sku = ma.fields.String(required=True)
    received = ma.fields.Integer(required=True)
    available = ma.fields.Integer(required=True)
    reserved = ma.fields.Integer(required=True)
    sold = ma.fields.Integer(required=True)


class CorrectionSchema(Schema):
    """POST /products/{sku}/stock."""

    delta = units(
        -MAX_UNITS, required=True, metadata={"description": "units that came in, or, below zero, that are missing"}
    )
    reason = ma.fields.String(required=True, validate=[ma.validate.Length(1, MAX_NAME_LENGTH), printable])

    @ma.validates("delta")
    def is_a_change(self, delta: int, **_: Any) -> None:
        """None at all is a mistake."""
        if delta == 0:
            raise ma.ValidationError("Nothing to correct.")


class LineSchema(Schema):
    """A quantity of one product."""

    sku = ma.fields.String(required=True)
    quantity = ma.fields.Integer(required=True)


class ReservationSchema(Schema):
    """What is held for an order."""

    order_id = ma.fields.UUID(required=True)
    status = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["empty", "held", "confirmed", "cancelled", "expired", "sold"]),
    )
    applied_revision = ma.fields.Integer(required=True, metadata={"description": "the newest one that was answered"})
    held_revision = ma.fields.Integer(required=True, metadata={"description": "the one of the lines; 0: none"})
    expires_at = ma.fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    lines = ma.fields.List(
        ma.fields.Nested(LineSchema), required=True, metadata={"description": "what is held, or sold, by SKU"}
    )


class AvailabilityQuerySchema(Schema):
    """GET /internal/availability."""

    sku = ma.fields.List(sku_field(), required=True, validate=ma.validate.Length(1, MAX_LINES))


class AvailabilitySchema(Schema):
    """What could be held of one SKU."""

    sku = ma.fields.String(required=True)
    available = ma.fields.Integer(required=True)


class CopyQuerySchema(Schema):
    """GET /internal/products."""

    after = ma.fields.String(load_default="", validate=[ma.validate.Length(max=MAX_NAME_LENGTH), printable])


class CopiedProductSchema(Schema):
    """What a copy of the catalogue needs of a product."""

    sku = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    price = ma.fields.Nested(MoneySchema, required=True)
    active = ma.fields.Boolean(required=True)
    version = ma.fields.Integer(required=True, metadata={"description": "the sequence of its newest event"})
