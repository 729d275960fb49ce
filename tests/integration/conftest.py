"""The real servers of the integration tests, under the image names of docker-compose.yml; one of each per run."""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pymongo
import pytest
import requests
import yaml

# Its helper container is one more image to be had; the fixtures below remove what they start.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

from testcontainers.core.container import DockerContainer

from tests.polling import eventually

ROOT = Path(__file__).parents[2]
PASSWORD = secrets.token_urlsafe(12)


def image_of(service: str) -> str:
    """The image that the Compose file names for the service."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return str(compose["services"][service]["image"])


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address(container: DockerContainer, port: int) -> str:
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The superuser's URL of a PostgreSQL server."""
    container = DockerContainer(image_of("postgres")).with_env("POSTGRES_PASSWORD", PASSWORD).with_exposed_ports(5432)
    with container:
        url = f"postgresql://postgres:{PASSWORD}@{_address(container, 5432)}/postgres"
        eventually(lambda: psycopg.connect(url, connect_timeout=3).close(), seconds=60)
        yield url


@pytest.fixture(scope="session")
def new_postgres_database(postgres_url: str) -> Callable[[], str]:
    """Makes empty databases; returns each one's URL for SQLAlchemy."""

    def create() -> str:
        name = f"test_{secrets.token_hex(4)}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return postgres_url.replace("postgresql://", "postgresql+psycopg://").removesuffix("postgres") + name

    return create


@pytest.fixture(scope="session")
def mongo_address() -> Iterator[str]:
    """user:password@host:port of a MongoDB server."""
    container = (
        DockerContainer(image_of("mongo"))
        .with_env("MONGO_INITDB_ROOT_USERNAME", "orders")
        .with_env("MONGO_INITDB_ROOT_PASSWORD", PASSWORD)
        .with_exposed_ports(27017)
    )
    with container:
        address = f"orders:{PASSWORD}@{_address(container, 27017)}"
        with pymongo.MongoClient[dict[str, object]](f"mongodb://{address}/?authSource=admin") as client:
            eventually(lambda: client.admin.command("listDatabases"), seconds=60)
        yield address


@pytest.fixture(scope="session")
def new_mongo_database(mongo_address: str) -> Callable[[], str]:
    """Makes empty databases; returns each one's URL."""
    return lambda: f"mongodb://{mongo_address}/test_{secrets.token_hex(4)}?authSource=admin"


class Broker:
    """A RabbitMQ server, and its management API as an administrator."""

    def __init__(self, container: DockerContainer) -> None:
        self.container = container
        self.address = _address(container, 5672)
        self.management = f"http://{_address(container, 15672)}/"

    def url(self, user: str, vhost: str = "quadrille") -> str:
        """The AMQP URL of a user of the definitions; all have the same password here."""
        return f"amqp://{user}:{PASSWORD}@{self.address}/{vhost}"

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        """One call of the management API."""
        answer = requests.request(method, f"{self.management}api{path}", json=body, auth=("guest", "guest"), timeout=10)
        answer.raise_for_status()
        return answer

    def publish(self, exchange: str, key: str, body: str) -> None:
        """Any message, without properties."""
        message = {"properties": {}, "routing_key": key, "payload": body, "payload_encoding": "string"}
        self.call("POST", f"/exchanges/quadrille/{exchange}/publish", message)

    def messages(self, queue: str, vhost: str = "quadrille") -> int:
        """How many messages are ready in the queue, asked of the queue itself."""
        import pika  # noqa: PLC0415 - only here

        url = self.url("guest", vhost).replace(PASSWORD, "guest")
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            return int(connection.channel().queue_declare(queue, passive=True).method.message_count)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A RabbitMQ server without any topology."""
    # Fixed ports: a container that is killed and started again would get others.
    container = DockerContainer(image_of("rabbitmq"))
    for port in (5672, 15672):
        container.with_bind_ports(port, free_port())
    with container:
        server = Broker(container)
        eventually(lambda: server.call("GET", "/overview"), seconds=90)
        eventually(lambda: server.call("GET", "/health/checks/port-listener/5672"), seconds=30)
        yield server
