"""The inbox over HTTP, on the store in memory."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from apps.notifications import service
from apps.notifications.domain.kinds import Kind
from apps.notifications.domain.notifications import News
from tests.unit.notifications.fakes import Store
from tests.unit.notifications.tokens import ADA, bearer

INBOX = "/api/v1/notifications"
ME = bearer(ADA.id)


def told(store: Store, count: int) -> list[UUID]:
    orders = [uuid4() for _ in range(count)]
    total = {"total": {"amount": "25.00", "currency": "EUR"}}
    for order in orders:
        service.tell(store(), ADA.id, News(Kind.ORDER_CONFIRMED, str(order), total, order))
    return orders


def shown(api: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"{INBOX}{query}", headers=ME)
    assert answer.status_code == 200
    listed: list[dict[str, Any]] = answer.get_json()
    return listed


def test_newest_first_in_pages(api: FlaskClient, store: Store) -> None:
    """With X-Pagination, as all lists."""
    orders = told(store, 3)
    assert [each["order_id"] for each in shown(api)] == [str(order) for order in reversed(orders)]
    answer = api.get(f"{INBOX}?page=2&page_size=2", headers=ME)
    assert [each["order_id"] for each in answer.get_json()] == [str(orders[0])]
    assert '"total": 3' in answer.headers["X-Pagination"]


def test_words_are_in_the_readers_language(api: FlaskClient, store: Store) -> None:
    """All that a client needs to show it."""
    told(store, 1)
    (entry,) = shown(api)
    assert set(entry) == {"id", "kind", "title", "body", "order_id", "created_at", "read"}
    assert (entry["kind"], entry["title"], entry["read"]) == ("order.confirmed", "Заказ подтверждён", False)


def test_reading_one_takes_it_out_of_the_unread(api: FlaskClient, store: Store) -> None:
    """Again changes nothing."""
    told(store, 2)
    newest = shown(api)[0]["id"]
    for _ in range(2):
        assert api.post(f"{INBOX}/{newest}/read", headers=ME).status_code == 204
    assert [each["id"] for each in shown(api, "?unread=false")] == [newest]
    assert len(shown(api, "?unread=true")) == 1


def test_reading_all(api: FlaskClient, store: Store) -> None:
    """Nothing is unread then."""
    told(store, 2)
    assert api.post(f"{INBOX}/read", headers=ME).status_code == 204
    assert shown(api, "?unread=true") == []


@pytest.mark.parametrize("name", [str(uuid4()), "no-uuid"])
def test_what_is_not_there_is_not_found(api: FlaskClient, name: str) -> None:
    """Nor is what no id could be."""
    answer = api.post(f"{INBOX}/{name}/read", headers=ME)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def test_everything_is_on_at_first(api: FlaskClient) -> None:
    """Every kind, by both channels."""
    assert api.get(f"{INBOX}/preferences", headers=ME).get_json() == {
        kind: {"email": True, "push": True} for kind in Kind
    }


def test_choice_is_kept(api: FlaskClient) -> None:
    """What is left out is on."""
    answer = api.put(f"{INBOX}/preferences", json={"order.shipped": {"email": False}}, headers=ME)
    assert answer.status_code == 200
    assert answer.get_json() == api.get(f"{INBOX}/preferences", headers=ME).get_json()
    assert answer.get_json()["order.shipped"] == {"email": False, "push": True}


@pytest.mark.parametrize(
    "body",
    [{"order.lost": {"email": False}}, {"order.shipped": {"fax": True}}, {"order.shipped": False}, []],
)
def test_unknown_choices_are_refused(api: FlaskClient, body: object) -> None:
    """A kind, a channel or a form that there is not."""
    assert api.put(f"{INBOX}/preferences", json=body, headers=ME).status_code == 422


@pytest.mark.parametrize("query", ["?page=0", "?unread=perhaps", "?page_size=101"])
def test_unknown_filters_are_refused(api: FlaskClient, query: str) -> None:
    """With the field that is wrong."""
    answer = api.get(f"{INBOX}{query}", headers=ME)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "validation_error")
