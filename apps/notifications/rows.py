"""Rows of notifications as the domain has them."""

from typing import Any

from sqlalchemy import Row

from apps.notifications.domain.kinds import Kind
from apps.notifications.domain.notifications import Notification

NOTIFICATION = "id, user_id, number, kind, details, order_id, created_at, read_at IS NOT NULL AS read"
"""The columns that `as_notification` reads."""


def as_notification(row: Row[Any]) -> Notification:
    """Of the columns in NOTIFICATION."""
    return Notification(
        id=row.id,
        user_id=row.user_id,
        number=row.number,
        kind=Kind(row.kind),
        details=row.details,
        order_id=row.order_id,
        created_at=row.created_at,
        read=row.read,
    )
