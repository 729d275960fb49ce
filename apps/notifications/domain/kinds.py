"""The kinds of notifications, named after the events that they come from, and the channels beside the inbox."""

from enum import StrEnum


class Kind(StrEnum):
    """What a notification is about."""

    WELCOME = "user.registered"
    ORDER_CONFIRMED = "order.confirmed"
    ORDER_REJECTED = "order.rejected"
    ORDER_CHANGE_REJECTED = "order.change_rejected"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_SHIPPED = "order.shipped"
    STOCK_LOW = "stock.low"


class Channel(StrEnum):
    """How a notification goes out, beside lying in the inbox. A user may switch each off, kind by kind."""

    EMAIL = "email"
    PUSH = "push"


class Language(StrEnum):
    """The languages that there are texts in."""

    ENGLISH = "en"
    RUSSIAN = "ru"

    @classmethod
    def of(cls, tag: str | None) -> "Language":
        """The language of a tag such as `ru-RU`; English for all others."""
        short = (tag or "").lower().partition("-")[0]
        return cls(short) if short in set(cls) else cls.ENGLISH
