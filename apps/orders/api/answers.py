"""What the views share: the headers of an order, the versions that a client has seen, the documented refusals."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from flask import request

from apps.orders.api.schemas import shown
from apps.orders.domain.order import Order
from chassis.http.app import Blueprint, Decorator, View
from chassis.http.auth import caller
from chassis.http.errors import CONTENT_TYPE, Problem, ProblemSchema

_VERSION = re.compile("[0-9]{1,18}")
ORDERS_PATH = "/api/v1/orders"

ETAG = {"ETag": {"description": "The order's version", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "The order's path", "schema": {"type": "string"}}}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The ETag of the order as it was read",
    "schema": {"type": "string"},
}


def whose() -> UUID | None:
    """Whose orders the caller may see: None for staff, who see all."""
    return None if caller().is_staff else caller().id


def answer(order: Order) -> tuple[dict[str, Any], dict[str, str]]:
    """The order, and its version as the ETag."""
    return shown(order), {"ETag": f'"{order.version}"'}


def seen_versions() -> Collection[int] | None:
    """The versions in If-Match, which must be there; None for `*`. Anything that is no ETag of ours matches nothing."""
    if "If-Match" not in request.headers:
        raise Problem(428, detail="Say in If-Match which version of the order you want to change: its ETag.")
    if request.if_match.star_tag:
        return None
    return {int(tag) for tag in request.if_match.as_set() if tag and _VERSION.fullmatch(tag)}


def refuses(blueprint: Blueprint, codes: Mapping[int, str]) -> Decorator:
    """Documents the refusals of a view: their codes by status."""

    def document(view: View) -> View:
        for status, code in codes.items():
            documented = blueprint.alt_response(
                status, schema=ProblemSchema, content_type=CONTENT_TYPE, description=code
            )
            view = documented(view)
        return view

    return document
