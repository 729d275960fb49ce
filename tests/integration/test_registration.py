"""The entry of a process in a real Consul: there while it serves, back when Consul has lost it, gone when it stops."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from pydantic import HttpUrl, SecretStr

from chassis.discovery import NoInstance, Registration, Resolver, Routes
from chassis.settings import ProcessSettings
from tests.integration.test_consul_rights import MANAGEMENT, ORDERS, address, consul, consul_server
from tests.polling import eventually


class _Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Consul asks every two seconds."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """A Consul's address."""
    with consul_server() as container:
        yield address(container)


@pytest.fixture
def settings(base: str) -> ProcessSettings:
    """Those of orders-api."""
    return ProcessSettings(consul_http_addr=HttpUrl(base), consul_http_token=SecretStr(ORDERS))


@pytest.fixture
def port() -> Iterator[int]:
    """A process that is alive."""
    server = ThreadingHTTPServer(("", 0), _Well)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def entries(base: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = consul(base, "GET", "catalog/service/orders-api", MANAGEMENT).json()
    return found


def test_life_of_an_entry(base: str, settings: ProcessSettings, port: int) -> None:
    """Registered and healthy; registered again after Consul has forgotten it; away at once when the process stops."""
    registration = Registration.of_api(settings, "orders-api", port, Routes(public="Path(`/`)"))
    registration.start()
    resolver = Resolver(settings)
    url = eventually(lambda: resolver.url("orders-api"), seconds=15, interval=0.5)
    assert requests.get(url, timeout=2).status_code == 200
    (entry,) = entries(base)
    assert "traefik.enable=true" in json.dumps(entry["ServiceTags"])
    consul(base, "PUT", f"agent/service/deregister/{entry['ServiceID']}", MANAGEMENT).raise_for_status()
    eventually(lambda: _there(base), seconds=10)
    registration.stop()
    assert entries(base) == []
    with pytest.raises(NoInstance):
        Resolver(settings).url("orders-api")


def _there(base: str) -> None:
    assert entries(base)
