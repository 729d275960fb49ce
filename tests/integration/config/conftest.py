"""The configuration service on a real repository, served on a real port."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from werkzeug.serving import make_server

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
from tests.integration.servers import free_port

SEED = Path(__file__).parents[3] / "config" / "repository"
PASSWORD = "the password of orders"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the repository is."""
    return tmp_path / "config.git"


@pytest.fixture
def repository(path: Path) -> Iterator[GitRepository]:
    """A new one, with the files that the service comes with."""
    with closing(GitRepository.open(path, SEED, "main")) as made:
        yield made


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
    """Changes it, by the models that the services export."""
    return Changes(repository, Models.exported(cipher), "main")


@pytest.fixture
def url(configuration: Configuration, changes: Changes) -> Iterator[str]:
    """The service's address."""
    app = create_app(ApiParts(configuration, Access({"orders": PASSWORD}), changes, OneKey(), TokenSettings()))
    server = make_server("127.0.0.1", free_port(), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
