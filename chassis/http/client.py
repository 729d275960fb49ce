"""The client for calls between services: discovery, a short time-out, bounded retries on other instances, the trace."""

from typing import Any

import requests
import stamina
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from requests.adapters import HTTPAdapter

from chassis.discovery import NoInstance, Resolver

SERVER_ERROR = 500


class ServiceUnavailable(Exception):
    """The other service gave no usable answer: not found, too slow, or failing itself."""


class ServiceClient:
    """Calls one other service. Only idempotent requests are offered, so each may be tried again."""

    def __init__(self, service: str, resolver: Resolver, *, timeout: float = 1.0, attempts: int = 3) -> None:
        RequestsInstrumentor().instrument()
        self._service = service
        self._resolver = resolver
        self._timeout = timeout
        self._attempts = attempts
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_connections=8, pool_maxsize=32))

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET from a healthy instance. Raises `ServiceUnavailable`; a 4xx is an answer and is returned."""
        retries = stamina.retry_context(
            on=(requests.RequestException, NoInstance, ServiceUnavailable),
            attempts=self._attempts, wait_initial=0.05, wait_max=0.5,
        )  # fmt: skip
        try:
            for attempt in retries:
                with attempt:
                    return self._once(path, options)
        except (requests.RequestException, NoInstance) as error:
            raise ServiceUnavailable(f"{self._service}: {error}") from error
        raise ServiceUnavailable(self._service)

    def _once(self, path: str, options: dict[str, Any]) -> requests.Response:
        url = self._resolver.url(self._service) + path
        response = self._session.get(url, timeout=self._timeout, **options)
        if response.status_code >= SERVER_ERROR:
            raise ServiceUnavailable(f"{self._service} answered {response.status_code}")
        return response
