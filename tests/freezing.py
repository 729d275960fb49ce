"""Containers that stand still."""

from collections.abc import Callable

from tests.polling import eventually


def freeze(pause: Callable[[], object]) -> None:
    """Pauses a container by that call. With control groups of version 1 a busy one may resist at first."""
    eventually(pause, seconds=20)
