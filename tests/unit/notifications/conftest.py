"""The API of notifications over its store in memory."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from apps.notifications.api.app import create_app
from apps.notifications.api.parts import ApiParts
from apps.notifications.api.sockets import message
from apps.notifications.feed import Feed
from chassis.settings import TokenSettings
from tests.unit.notifications.fakes import Store
from tests.unit.notifications.tokens import ADA, OneKey


@pytest.fixture
def store() -> Store:
    """Ada reads Russian."""
    return Store(ADA)


@pytest.fixture
def api(store: Store) -> Iterator[FlaskClient]:
    """The API over it."""
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    yield create_app(ApiParts(store, Feed(store, message, lambda: 1), OneKey(), TokenSettings())).test_client()
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)
