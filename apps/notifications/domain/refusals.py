"""Refusals: what a client is told when the rules say no. `code` is stable; the words may change.

Refusal
└── NotificationNotFound   there is none, or it is somebody else's
"""

from typing import ClassVar


class Refusal(Exception):
    """A request that the rules do not allow."""

    code: ClassVar[str]


class NotificationNotFound(Refusal):
    """There is no such notification in the caller's inbox."""

    code = "not_found"
