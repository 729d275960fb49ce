"""Real servers in containers, under the image names of docker-compose.yml, for tests and benchmarks."""

import os
import secrets
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pika
import psycopg
import pymongo
import requests
import yaml

# Its helper container is one more image to be had; the context managers below remove what they start.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

from testcontainers.core.container import DockerContainer

from chassis.rabbitmq_setup import with_passwords
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


@contextmanager
def postgres_server() -> Iterator[str]:
    """The superuser's URL of a PostgreSQL server."""
    container = DockerContainer(image_of("postgres")).with_env("POSTGRES_PASSWORD", PASSWORD).with_exposed_ports(5432)
    with container:
        url = f"postgresql://postgres:{PASSWORD}@{_address(container, 5432)}/postgres"
        eventually(lambda: psycopg.connect(url, connect_timeout=3).close(), seconds=60)
        yield url


@contextmanager
def mongo_server() -> Iterator[str]:
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


class Broker:
    """A RabbitMQ server, and its management API as an administrator."""

    def __init__(self, container: DockerContainer) -> None:
        self.container = container
        self.address = _address(container, 5672)
        self.management = f"http://{_address(container, 15672)}/"

    def url(self, user: str) -> str:
        """The AMQP URL of a user of the definitions; all have the same password here."""
        return f"amqp://{user}:{PASSWORD}@{self.address}/quadrille"

    @property
    def administrator_url(self) -> str:
        """The AMQP URL of the image's own user, who may do everything."""
        return f"amqp://guest:guest@{self.address}/quadrille"

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        """One call of the management API."""
        answer = requests.request(method, f"{self.management}api{path}", json=body, auth=("guest", "guest"), timeout=10)
        answer.raise_for_status()
        return answer

    def define(self, template: dict[str, Any], users: Collection[str]) -> None:
        """Adds the exchanges and queues, and of the users only these: the others are of another test too."""
        own = {
            **template,
            "users": [user for user in template["users"] if user["name"] in users],
            "permissions": [rights for rights in template["permissions"] if rights["user"] in users],
        }
        passwords = {f"RABBITMQ_{user.upper()}_PASSWORD": PASSWORD for user in users}
        self.call("POST", "/definitions", with_passwords(own, passwords))

    def close_connections(self, user: str = "") -> int:
        """Closes every connection, or every one of a user, as an operator may; returns how many there were."""
        path = f"/connections/username/{user}" if user else "/connections"
        closed = 0
        for connection in self.call("GET", path).json():
            with suppress(requests.HTTPError):  # it may have ended by itself
                self.call("DELETE", f"/connections/{connection['name']}")
                closed += 1
        return closed

    def publish(self, exchange: str, key: str, body: str) -> None:
        """Any message, without properties."""
        message = {"properties": {}, "routing_key": key, "payload": body, "payload_encoding": "string"}
        self.call("POST", f"/exchanges/quadrille/{exchange}/publish", message)

    def messages(self, queue: str) -> int:
        """How many messages are ready in the queue, asked of the queue itself."""
        return int(self._asked(queue).message_count)

    def consumers(self, queue: str) -> int:
        """How many consumers the queue has."""
        return int(self._asked(queue).consumer_count)

    def _asked(self, queue: str) -> pika.spec.Queue.DeclareOk:
        with pika.BlockingConnection(pika.URLParameters(self.administrator_url)) as connection:
            return connection.channel().queue_declare(queue, passive=True).method


class Mailpit:
    """A mail server that keeps everything, and its API."""

    def __init__(self, container: DockerContainer, smtp_port: int) -> None:
        self.container = container
        self.smtp_address = f"127.0.0.1:{smtp_port}"
        self.api = f"http://{_address(container, 8025)}/api/v1"

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """What has come for the address, newest first, both parts included."""
        found = requests.get(f"{self.api}/search", params={"query": f"to:{address}", "limit": "500"}, timeout=10).json()
        return [requests.get(f"{self.api}/message/{each['ID']}", timeout=10).json() for each in found["messages"]]

    def refuse_recipients(self, code: int | None) -> None:
        """All of them, with this code; None: no more."""
        trigger = {"ErrorCode": code or 451, "Probability": 100 if code else 0}
        requests.put(f"{self.api}/chaos", json={"Recipient": trigger}, timeout=10).raise_for_status()


@contextmanager
def mailpit_server(environment: Mapping[str, str], volumes: Mapping[Path, str] | None = None) -> Iterator[Mailpit]:
    """Mailpit, with these of its variables and files."""
    port = free_port()  # a fixed one: a container that is stopped and started again would get another
    container = DockerContainer(image_of("mailpit")).with_bind_ports(1025, port).with_exposed_ports(8025)
    for name, value in environment.items():
        container.with_env(name, value)
    for source, target in (volumes or {}).items():
        container.with_volume_mapping(str(source), target)
    with container:
        server = Mailpit(container, port)
        eventually(lambda: requests.get(f"{server.api}/messages", timeout=3).raise_for_status(), seconds=30)
        yield server


@contextmanager
def rabbitmq_server() -> Iterator[Broker]:
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
