"""Idempotency-Key: a request that creates something may be sent again; the first answer is repeated byte for byte.

Who keeps the answer writes it together with the effect, in one atomic write under a unique key, so there is never an
answer without its effect or an effect that could come twice.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, request

from chassis.http.errors import Problem

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
MAX_LENGTH = 128

PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "A value of the client's choice, the same for every repetition of this request; kept for 24 hours.",
    "schema": {"type": "string", "maxLength": MAX_LENGTH},
}

REPEATED = "idempotency_key_reused or idempotency_key_in_progress"
"""The codes of the refusals, for the documents."""


class KeyTaken(Exception):
    """Another request with the same key was faster."""


@dataclass(frozen=True)
class IdempotencyKey:
    """A caller's key, and the fingerprint of the request that came with it."""

    value: str
    fingerprint: str


@dataclass(frozen=True)
class StoredAnswer:
    """An answer, and the fingerprint of the request that it answers."""

    fingerprint: str
    status: int
    body: str
    headers: Mapping[str, str]

    def response(self) -> Response:
        """The answer as it was given."""
        return Response(self.body, self.status, dict(self.headers), content_type="application/json")


@dataclass(frozen=True)
class Receipt:
    """What is kept of a request: its key, and its answer."""

    key: str
    answer: StoredAnswer


@dataclass(frozen=True)
class Once:
    """A request that may be repeated: its key, and how its outcome is answered."""

    key: str
    answer: Callable[[Any], StoredAnswer]


def idempotency_key(owner: UUID) -> IdempotencyKey | None:
    """The current request's key, which belongs to its owner; None when it has none. Raises `Problem` for a bad one."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not (0 < len(given) <= MAX_LENGTH and given.isascii() and given.isprintable()):
        reason = f"1 to {MAX_LENGTH} printable ASCII characters"
        raise Problem(422, detail=f"{HEADER} must be {reason}.", errors={HEADER: [reason]})
    content = b"\n".join([request.method.encode(), request.path.encode(), request.get_data()])
    return IdempotencyKey(f"{owner}:{given}", hashlib.sha256(content).hexdigest())


def answer_once(
    key: IdempotencyKey | None, recall: Callable[[str], StoredAnswer | None], act: Callable[[], StoredAnswer]
) -> Response:
    """Repeats the kept answer, or acts. `act` raises `KeyTaken` when its write met one with the same key.

    Whatever else it raises counts only if no other request with the key was faster: that one's own effect, the last
    unit gone for instance, may be what this one ran into.
    """
    if key is None:
        return act().response()
    kept = recall(key.value)
    if kept is None:
        try:
            return act().response()
        except KeyTaken:
            kept = recall(key.value)
        except Exception:
            kept = recall(key.value)
            if kept is None:
                raise
    if kept is None:
        raise Problem(
            409,
            "idempotency_key_in_progress",
            "The first request with this Idempotency-Key is not answered yet.",
            headers={"Retry-After": "1"},
        )
    if kept.fingerprint != key.fingerprint:
        raise Problem(409, "idempotency_key_reused", "This Idempotency-Key came with another request before.")
    return kept.response()
