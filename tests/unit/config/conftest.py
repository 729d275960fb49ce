"""A configuration over a repository in memory, and the API over it."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask.testing import FlaskClient

from chassis.settings import TokenSettings
from config.api.access import Access
from config.api.app import create_app
from config.api.parts import ApiParts
from config.changes import Changes
from config.cipher import Cipher
from config.git import GitRepository
from config.models import Models
from config.service import Configuration
from tests.contract.apis import OneKey
from tests.unit.config.repositories import repository_of

Commit = Callable[..., str]

PASSWORDS = {"orders": "orders-password", "users": "users-password", "operator": "operator-password"}
LEVELS = {"enum": ["DEBUG", "INFO"], "type": "string"}
MODELS: dict[str, dict[str, Any]] = {
    "orders": {
        "properties": {
            "log_level": LEVELS,
            "order_tries": {"type": "integer", "minimum": 0},
            "shared": {"type": "integer"},
            "name": {"type": "string"},
            "password": {"type": "string", "format": "password", "writeOnly": True},
        }
    },
    "users": {"properties": {"log_level": LEVELS, "access_token_lifetime": {"type": "integer", "minimum": 1}}},
}
SEED = {
    "application.yml": "log_level: INFO\nshared: 1\n",
    "application-dev.yml": "shared: 2\n",
    "orders.yml": "order_tries: 3\nshared: 3\nurl: http://${host:localhost}/${path}\n",
    "orders-dev.yml": "order_tries: 5\n",
    "users.yml": "access_token_lifetime: 600\n",
    "notes.txt": "no configuration\n",
}


@pytest.fixture
def repository() -> GitRepository:
    """A repository in memory that begins with SEED."""
    return repository_of(SEED)


@pytest.fixture
def commit(repository: GitRepository) -> Commit:
    """Commits files on the branch, whatever they hold; returns the commit."""

    def make(branch: str = "main", **files: bytes) -> str:
        named: dict[str, bytes | None] = {name.replace("__", "."): content for name, content in files.items()}
        made = repository.commit(branch, repository.resolve(branch), named, "a tester", "A test")
        assert made is not None
        return made

    return make


@pytest.fixture
def cipher() -> Cipher:
    """With one key."""
    return Cipher([Fernet.generate_key().decode()])


@pytest.fixture
def configuration(repository: GitRepository, cipher: Cipher) -> Configuration:
    """The repository as environments."""
    return Configuration(repository, cipher, "main")


@pytest.fixture
def changes(repository: GitRepository, cipher: Cipher) -> Changes:
    """Changes the repository, by the models of MODELS."""
    return Changes(repository, Models(MODELS, cipher), "main")


@pytest.fixture
def client(configuration: Configuration, changes: Changes) -> FlaskClient:
    """Calls the API."""
    return create_app(ApiParts(configuration, Access(PASSWORDS), changes, OneKey(), TokenSettings())).test_client()
