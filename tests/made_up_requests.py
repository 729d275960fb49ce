"""Requests made up from an API's own OpenAPI document: whatever is sent, the answer is one that the document names."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CheckContext, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

Case = schemathesis.Case[Any]
Headers = Mapping[str, str]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def documented(_context: CheckContext, response: schemathesis.Response, case: Case) -> None:
    """The status has an entry of its own: the one for all others does not count."""
    statuses = case.operation.definition.raw["responses"]
    assert str(response.status_code) in statuses, f"{response.status_code} is not in the document: {response.text}"


CHECKS = [
    not_a_server_error,
    documented,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def ask_everything(
    app: Flask, document: str, callers: Sequence[Headers], known: Mapping[str, str], examples: int
) -> set[tuple[str, int]]:
    """Sends to each operation so many well-formed and as many malformed requests of each caller; returns all answers.

    `known` has what the API knows, by the names in paths and bodies: half of the requests are about that.
    """
    met: set[tuple[str, int]] = set()
    for found in schemathesis.openapi.from_wsgi(document, app).get_all_operations():
        assert isinstance(found, Ok)
        for mode, caller in product(MODES, callers):
            with suppress(Unsatisfiable):  # where nothing can be wrong there is nothing malformed to send
                _ask(found.ok().as_strategy(mode), caller, known, examples, met)
    return met


def _ask(
    cases: st.SearchStrategy[Case], caller: Headers, known: Mapping[str, str], examples: int, met: set[tuple[str, int]]
) -> None:
    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=cases, told=st.sampled_from((known, {})))
    def ask(case: Case, told: Mapping[str, str]) -> None:
        if told:
            case.path_parameters = _known(case.path_parameters, told)
            case.body = _known(case.body, told)
        answer = case.call(headers=dict(caller))
        met.add((case.operation.label, answer.status_code))
        case.validate_response(answer, checks=CHECKS)

    ask()


def _known(part: Any, known: Mapping[str, str]) -> Any:
    """The part with what is known in place of what was made up, and so that nothing else need be wrong with it."""
    if isinstance(part, dict):
        return {name: known.get(name) or _known(value, known) for name, value in part.items()}
    if isinstance(part, list):
        return [_known(each, known) for each in part[:1]]  # the others would be about the same
    return int(part) if isinstance(part, float) and part.is_integer() else part  # JSON Schema takes 2.0 for an integer
