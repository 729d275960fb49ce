"""The client for calls between services: discovery, short time-outs, bounded retries on other instances, the trace."""

import time
from typing import Any

import requests
import stamina
from requests.adapters import HTTPAdapter

from chassis.discovery import NoInstance, Resolver
from chassis.http.breaker import Breaker, CircuitOpen
from chassis.spans.http import client_span
from chassis.times import Seconds, seconds_now

SERVER_ERROR = 500
LEAST_SECONDS = 0.001  # a time-out of nothing is none at all


class ServiceUnavailable(Exception):
    """The other service gave no usable answer: not found, too slow, failing itself, or not asked (open breaker)."""


class ServiceClient:
    """Calls one other service. Only requests that do no harm when they come twice are offered: each may be tried again.

    `timeout` is for one attempt, `budget` for all of them with the pauses between.
    """

    def __init__(
        self,
        service: str,
        resolver: Resolver,
        *,
        timeout: Seconds = 1.0,
        attempts: int = 3,
        budget: Seconds = 5.0,
        breaker: Breaker | None = None,
    ) -> None:
        self._service = service
        self._resolver = resolver
        self._timeout = timeout
        self._attempts = attempts
        self._budget = budget
        self._breaker = breaker
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_connections=8, pool_maxsize=32))

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET from a healthy instance. Raises `ServiceUnavailable`; a 4xx is an answer and is returned."""
        return self._guarded("GET", path, options)

    def post_again(self, path: str, **options: Any) -> requests.Response:
        """POST what may arrive more than once. As `get`."""
        return self._guarded("POST", path, options)

    def _guarded(self, method: str, path: str, options: dict[str, Any]) -> requests.Response:
        if self._breaker is None:
            return self._persistently(method, path, options)
        try:
            return self._breaker.call(lambda: self._persistently(method, path, options))
        except CircuitOpen as error:
            raise ServiceUnavailable(f"{self._service}: the circuit breaker is open") from error

    def _persistently(self, method: str, path: str, options: dict[str, Any]) -> requests.Response:
        budget = seconds_now(self._budget)
        deadline = time.monotonic() + budget
        retries = stamina.retry_context(
            on=(requests.RequestException, NoInstance, ServiceUnavailable),
            attempts=self._attempts, timeout=budget, wait_initial=0.05, wait_max=0.5, wait_jitter=0.05,
        )  # fmt: skip
        try:
            for attempt in retries:
                with attempt:
                    return self._once(method, path, options, deadline)
        except (requests.RequestException, NoInstance) as error:
            raise ServiceUnavailable(f"{self._service}: {error}") from error
        raise ServiceUnavailable(self._service)

    def _once(self, method: str, path: str, options: dict[str, Any], deadline: float) -> requests.Response:
        url = self._resolver.url(self._service) + path
        timeout = max(LEAST_SECONDS, min(seconds_now(self._timeout), deadline - time.monotonic()))
        with client_span(method, url, self._service) as (trace, note_status):
            sent = {**options, "headers": {**options.get("headers", {}), **trace}}
            response = self._session.request(method, url, timeout=timeout, **sent)
            note_status(response.status_code)
        if response.status_code >= SERVER_ERROR:
            raise ServiceUnavailable(f"{self._service} answered {response.status_code}")
        return response
