"""Inventory's whole catalogue over HTTP, from which the copy of orders can be made anew."""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma

from apps.orders.domain.lines import Product
from apps.orders.domain.money import Money
from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.http.service_tokens import ServiceTokens

PATH = "/internal/products"
SCOPE = "catalogue:read"


class _PriceSchema(ma.Schema):
    class Meta:
        """See marshmallow."""

        unknown = ma.EXCLUDE

    amount = ma.fields.Decimal(required=True)
    currency = ma.fields.String(required=True)


class _ProductSchema(ma.Schema):
    class Meta:
        """See marshmallow."""

        unknown = ma.EXCLUDE

    sku = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    price = ma.fields.Nested(_PriceSchema, required=True)
    active = ma.fields.Boolean(required=True)
    version = ma.fields.Integer(required=True, strict=True)


class InventoryProducts:
    """See `apps.orders.repositories.Products`."""

    def __init__(self, client: ServiceClient, tokens: ServiceTokens) -> None:
        self._client = client
        self._tokens = tokens

    def __iter__(self) -> Iterator[tuple[Product, int]]:
        """Page by page. Raises `ServiceUnavailable`, also for an answer that is none."""
        after = ""
        while page := self._page(after):
            for each in page:
                price = Money(each["price"]["amount"], each["price"]["currency"])
                yield Product(each["sku"], each["name"], price, each["active"]), each["version"]
            after = page[-1]["sku"]

    def _page(self, after: str) -> list[dict[str, Any]]:
        answer = self._client.get(PATH, params={"after": after}, headers=self._tokens.authorization())
        try:
            page: list[dict[str, Any]] = _ProductSchema(many=True).loads(answer.content)
        except (ValueError, ma.ValidationError) as error:
            raise ServiceUnavailable(f"inventory-api: not a page of products: {error}") from error
        return page
