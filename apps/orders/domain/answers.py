"""Inventory's answers in the words of the timeline."""

from collections.abc import Sequence

from apps.orders.domain.events import Shortage

EXPIRED = "The reservation has expired."
RELEASED = "What was held is free again."
SALE_REJECTED = "The goods are no longer held."
SOLD = "The goods are sold."


def reserved(revision: int) -> str:
    """All lines are held."""
    return f"Revision {revision} is held."


def rejected(revision: int, shortages: Sequence[Shortage]) -> str:
    """Some lines are short, which are named."""
    short = (f"{each.sku}: {each.asked} asked, {each.available} available." for each in shortages)
    return " ".join((f"Revision {revision} cannot be held.", *short))


def late(answer: str) -> str:
    """The answer came when the order had moved on."""
    return f"{answer} Nobody waits for this any more."
