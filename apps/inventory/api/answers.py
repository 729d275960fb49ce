"""Answers to requests that create something: kept under their Idempotency-Key, and repeated."""

import json
from collections.abc import Callable
from typing import TypeVar

from flask import Response

from apps.inventory.api.parts import ApiParts
from apps.inventory.repositories import UnitOfWork
from chassis.http.app import Schema
from chassis.http.auth import caller
from chassis.http.idempotency import Once, StoredAnswer, answer_once, idempotency_key

T = TypeVar("T")


def answered_once(parts: ApiParts, act: Callable[[UnitOfWork], T], status: int, schema: type[Schema]) -> Response:
    """The outcome of the use case as the schema has it; a repetition of the request gets the first answer again."""
    key = idempotency_key(caller().id)

    def stored(outcome: T) -> StoredAnswer:
        return StoredAnswer("" if key is None else key.fingerprint, status, json.dumps(schema().dump(outcome)), {})

    def recall(value: str) -> StoredAnswer | None:
        with parts.unit_of_work() as uow:
            return uow.answered(value)

    once = None if key is None else Once(key.value, stored)
    return answer_once(key, recall, lambda: stored(act(parts.unit_of_work(once=once))))
