"""Requests with an Idempotency-Key over PostgreSQL: one effect, one answer, whatever comes at the same time."""

import secrets
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from sqlalchemy import text

from apps.inventory.api.app import create_app
from apps.inventory.api.parts import ApiParts
from apps.inventory.storage import UnitOfWork
from chassis.http.idempotency import Once, StoredAnswer
from chassis.identifiers import new_id
from chassis.messaging.events import Event
from tests.contract.apis import KEYS, SETTINGS, bearer
from tests.integration.inventory.conftest import Inventory, Together

ID = new_id()
MANAGER = bearer("manager", user=ID)


@pytest.fixture
def client(inventory: Inventory) -> Iterator[FlaskClient]:
    """The API over the database."""
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process

    def unit_of_work(cause: Event | None = None, once: Once | None = None) -> UnitOfWork:
        return UnitOfWork(inventory.engine, "inventory", cause, once)

    yield create_app(ApiParts(unit_of_work, KEYS, SETTINGS)).test_client()
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


def keyed() -> dict[str, str]:
    return {**MANAGER, "Idempotency-Key": secrets.token_hex(8)}


def test_parallel_repetitions_count_once(client: FlaskClient, inventory: Inventory, together: Together) -> None:
    """Sixteen at the same moment: all get the one answer, and the goods come in once."""
    sku, headers = inventory.add(1), keyed()
    post = client.application.test_client

    def correct() -> tuple[int, bytes]:
        body = {"delta": 5, "reason": "delivery"}
        answer = post().post(f"/api/v1/products/{sku}/stock", json=body, headers=headers)
        return answer.status_code, answer.data

    answers = set(together(*[correct] * 16))
    assert len(answers) == 1
    assert answers.pop()[0] == 200  # type: ignore[index] # as `correct` has it
    assert inventory.numbers(sku) == (6, 0, 0)


def test_repetition_does_not_wait_for_ever(client: FlaskClient, inventory: Inventory) -> None:
    """While the first one is not done, the next waits two seconds and is then told to come again."""
    sku, headers = inventory.add(1), keyed()
    owner_and_key = f"{ID}:{headers['Idempotency-Key']}"
    first = Once(owner_and_key, lambda _: StoredAnswer("", 200, "", {}))
    with UnitOfWork(inventory.engine, "inventory", None, first):
        body = {"delta": 5, "reason": "delivery"}
        answer = client.post(f"/api/v1/products/{sku}/stock", json=body, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert answer.get_json()["code"] == "idempotency_key_in_progress"
    assert client.post(f"/api/v1/products/{sku}/stock", json=body, headers=headers).status_code == 200


def test_key_is_free_after_a_day(client: FlaskClient, inventory: Inventory) -> None:
    """An answer is kept for 24 hours, and forgotten with the next that is kept."""
    sku, headers = inventory.add(1), keyed()
    body = {"delta": 5, "reason": "delivery"}
    for age, received in (("23 hours 59 minutes", 6), ("24 hours 1 minute", 11)):
        client.post(f"/api/v1/products/{sku}/stock", json=body, headers=headers)
        with inventory.engine.begin() as connection:
            connection.execute(text(f"UPDATE answers SET expires_at = expires_at - interval '{age}'"))  # noqa: S608
        client.post(f"/api/v1/products/{sku}/stock", json=body, headers=headers)
        assert inventory.numbers(sku) == (received, 0, 0)
    with inventory.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM answers")).scalar_one() == 1
