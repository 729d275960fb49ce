"""The entry of a process in a real Consul: there while it serves, back when Consul has lost it, gone when it stops."""

import json
import threading
from collections.abc import Iterator

import pytest
import requests
from flask import Flask, Response
from pydantic import HttpUrl, SecretStr
from werkzeug.serving import make_server

from chassis.discovery import NoInstance, Registration, Resolver, Routes
from chassis.health import Health
from chassis.http.health import health_blueprint
from chassis.settings import ProcessSettings
from tests.integration.test_consul_rights import MANAGEMENT, ORDERS, address, consul, consul_server
from tests.polling import eventually


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
def answers() -> list[int]:
    """What the process has answered, by status."""
    return []


@pytest.fixture
def port(answers: list[int]) -> Iterator[int]:
    """A process that is alive."""
    app = Flask("alive")
    app.register_blueprint(health_blueprint(Health()))

    @app.after_request
    def note(response: Response) -> Response:
        answers.append(response.status_code)
        return response

    server = make_server("0.0.0.0", 0, app, threaded=True)  # noqa: S104 - Consul asks from its container
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
    assert requests.get(f"{url}/health/live", timeout=2).status_code == 200
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


def test_address_of_another_does_not_pass(
    base: str, settings: ProcessSettings, port: int, answers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process died without a word, and another one got its address: the old entry leads nobody to it."""

    def asked() -> None:
        assert answers[-2:] == [421, 421]

    with monkeypatch.context() as before:
        before.setattr("chassis.discovery.socket.gethostname", lambda: "the-dead")
        registration = Registration.of_api(settings, "orders-api", port)
        registration.start()
        eventually(lambda: _there(base), seconds=15)
    try:
        eventually(asked, seconds=15)
        with pytest.raises(NoInstance):
            Resolver(settings).url("orders-api")
    finally:
        registration.stop()
