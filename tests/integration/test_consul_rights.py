"""What the tokens in a Consul of ours may do: register one service and read the catalogue, or read only."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from testcontainers.core.container import DockerContainer

from tests.integration.servers import ROOT, image_of
from tests.polling import eventually

MANAGEMENT, ORDERS, USERS, READER = (str(uuid.uuid4()) for _ in range(4))
TOKENS = {"HTTP": MANAGEMENT, "ORDERS_API": ORDERS, "USERS_API": USERS, "READER": READER}


def consul(base: str, method: str, path: str, token: str | None, body: object = None) -> requests.Response:
    headers = {} if token is None else {"X-Consul-Token": token}
    return requests.request(method, f"{base}/v1/{path}", headers=headers, json=body, timeout=5)


def register(base: str, token: str | None, name: str) -> int:
    body = {"Name": name, "ID": f"{name}-{token}", "Address": "192.0.2.1", "Port": 8000}
    return consul(base, "PUT", "agent/service/register", token, body).status_code


def names(base: str, token: str | None) -> set[str]:
    answer = consul(base, "GET", "catalog/services", token)
    return set(answer.json()) if answer.status_code == 200 else set()


@contextmanager
def consul_server() -> Iterator[DockerContainer]:
    """A Consul as docker-compose.yml starts it, when it has set the tokens."""
    container = (
        DockerContainer(image_of("consul"))
        .with_kwargs(user="consul", entrypoint=["/bin/sh", "/etc/quadrille/start.sh"], init=True)
        .with_volume_mapping(str(ROOT / "gateway" / "consul"), "/etc/quadrille", "ro")
        .with_exposed_ports(8500)
    )
    for name, secret in TOKENS.items():
        container = container.with_env(f"CONSUL_{name}_TOKEN", secret)
    with container:
        eventually(lambda: _all_set(address(container)), seconds=60, interval=0.5)
        yield container


def address(container: DockerContainer) -> str:
    return f"http://{container.get_container_host_ip()}:{container.get_exposed_port(8500)}"


def _all_set(base: str) -> None:
    for token in TOKENS.values():
        consul(base, "GET", "acl/token/self", token).raise_for_status()


@pytest.fixture(scope="module")
def container() -> Iterator[DockerContainer]:
    """One server for all tests here."""
    with consul_server() as running:
        yield running


@pytest.fixture(scope="module")
def base(container: DockerContainer) -> str:
    """Its address."""
    return address(container)


def test_service_registers_itself_alone(base: str) -> None:
    """Its own name, and no other one: nobody can draw another service's requests."""
    assert register(base, ORDERS, "orders-api") == 200
    assert register(base, USERS, "users-api") == 200
    assert {register(base, ORDERS, name) for name in ("users-api", "orders", "orders-worker", "traefik")} == {403}


def test_service_does_not_remove_another(base: str) -> None:
    """Nor can it take another one away, or put it into maintenance."""
    register(base, USERS, "users-api")
    instance = f"users-api-{USERS}"
    assert consul(base, "PUT", f"agent/service/deregister/{instance}", ORDERS).status_code == 403
    assert consul(base, "PUT", f"agent/service/maintenance/{instance}?enable=true", ORDERS).status_code == 403
    assert "users-api" in names(base, ORDERS)


def test_service_reads_the_catalogue(base: str) -> None:
    """It finds the others with their addresses."""
    register(base, USERS, "users-api")
    found = consul(base, "GET", "health/service/users-api", ORDERS).json()
    assert {each["Service"]["Address"] for each in found} == {"192.0.2.1"}


def test_reader_registers_nothing(base: str) -> None:
    """Traefik and Prometheus only look."""
    register(base, USERS, "users-api")
    assert "users-api" in names(base, READER)
    assert register(base, READER, "traefik") == 403


@pytest.mark.parametrize(
    "path", ["catalog/services", "catalog/nodes", "agent/services", "acl/tokens", "kv/?keys", "agent/self"]
)
def test_anonymous_reads_nothing(base: str, path: str) -> None:
    """Without a token the answer is empty or a refusal."""
    answer = consul(base, "GET", path, None)
    assert answer.status_code in {403, 404} or answer.json() in ({}, [])


@pytest.mark.parametrize("path", ["acl/tokens", "kv/secret", "agent/self"])
def test_service_reads_no_more_than_that(base: str, path: str) -> None:
    """Tokens, keys and the agent's settings are for the management token."""
    assert consul(base, "GET", path, ORDERS).status_code in {403, 404}


def test_changed_secret_replaces_the_old_one(container: DockerContainer, base: str) -> None:
    """As after a rotation in .env: the new secret works, the old one does not any more, the others stay."""
    fresh = str(uuid.uuid4())
    done = container.exec(["env", f"CONSUL_USERS_API_TOKEN={fresh}", "/bin/sh", "/etc/quadrille/setup.sh"])
    assert done.exit_code == 0, done.output
    assert register(base, fresh, "users-api") == 200
    assert register(base, USERS, "users-api") == 403
    assert register(base, ORDERS, "orders-api") == 200
    container.exec(["/bin/sh", "/etc/quadrille/setup.sh"])  # as it was


def test_wrong_management_token_is_named(container: DockerContainer) -> None:
    """A volume with other secrets than .env has: one sentence says what to do."""
    done = container.exec(["env", f"CONSUL_HTTP_TOKEN={uuid.uuid4()}", "/bin/sh", "/etc/quadrille/setup.sh"])
    assert done.exit_code == 1
    assert b"Put the old value back, or remove the volume" in done.output
