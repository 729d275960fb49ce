"""The servers of the integration tests as fixtures: one of each per run, databases as many as are wanted."""

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.integration.servers import Broker, mongo_server, postgres_server, rabbitmq_server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The superuser's URL of a PostgreSQL server."""
    with postgres_server() as url:
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
    with mongo_server() as address:
        yield address


@pytest.fixture(scope="session")
def new_mongo_database(mongo_address: str) -> Callable[[], str]:
    """Makes empty databases; returns each one's URL."""
    return lambda: f"mongodb://{mongo_address}/test_{secrets.token_hex(4)}?authSource=admin"


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A RabbitMQ server without any topology."""
    with rabbitmq_server() as server:
        yield server
