"""The system under test: a running Compose project, named by the environment that `make test` gives."""

import os
from collections.abc import Callable

import pytest

from tests.e2e.client import Client
from tests.polling import eventually


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that look at what the others have left behind come last, whatever their random order."""
    items.sort(key=lambda item: item.path.name == "test_aftermath.py")


@pytest.fixture(scope="session")
def gateway() -> str:
    """The gateway's address; it answers."""
    base = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    products = Client(base)
    eventually(lambda: products.call("GET", "/api/v1/products").raise_for_status(), seconds=30)
    return base


@pytest.fixture(scope="session")
def manager(gateway: str) -> Client:
    """The demo manager, logged in."""
    return Client(gateway).log_in(os.environ["MANAGER_EMAIL"], os.environ["MANAGER_PASSWORD"])


@pytest.fixture
def customer(gateway: str) -> Client:
    """A new customer, logged in."""
    return Client(gateway).sign_up()


@pytest.fixture
def anonymous(gateway: str) -> Client:
    """Nobody."""
    return Client(gateway)


@pytest.fixture
def port() -> Callable[[str], str]:
    """The published address of an operators' UI, by its name in .env."""
    return lambda name: f"http://127.0.0.1:{os.environ[f'{name}_PORT']}"
