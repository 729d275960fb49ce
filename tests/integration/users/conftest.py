"""The users service over a PostgreSQL database of its own."""

from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from apps.users.bootstrap import Users, parts
from apps.users.settings import StorageSettings


@pytest.fixture
def users(new_postgres_database: Callable[[], str]) -> Iterator[Users[StorageSettings]]:
    """The service over a database of its own, migrated."""
    url = SecretStr(new_postgres_database())
    users = parts(StorageSettings(consul_http_token=SecretStr("unused"), database_url=url))
    users.migrate()
    yield users
    users.close()
