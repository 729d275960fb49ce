"""Tickets over HTTP, and what is refused before a socket opens."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from apps.notifications.domain.sockets import TICKETS_PER_USER
from chassis.times import utc_now
from tests.unit.notifications.fakes import Store
from tests.unit.notifications.tokens import ADA, SESSION, bearer

TICKET, SOCKET = "/api/v1/notifications/ticket", "/api/v1/notifications/ws"


def test_ticket_is_for_the_caller(api: FlaskClient, store: Store) -> None:
    """For this user, this session, and as long as this access token lives."""
    answer = api.post(TICKET, headers=bearer(ADA.id, seconds=120))
    assert answer.status_code == 200
    assert set(answer.get_json()) == {"ticket", "expires_in"}
    assert answer.get_json()["expires_in"] == 30
    (kept,) = store.state.tickets.values()
    assert (kept.user_id, kept.session_id) == (ADA.id, SESSION)
    assert timedelta(seconds=110) < kept.access_ends_at - utc_now() <= timedelta(seconds=121)


def test_unused_tickets_are_limited(api: FlaskClient) -> None:
    """With the seconds to wait."""
    for _ in range(TICKETS_PER_USER):
        assert api.post(TICKET, headers=bearer(ADA.id)).status_code == 200
    answer = api.post(TICKET, headers=bearer(ADA.id))
    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 401, "ticket_invalid"),
        ("?ticket=x", 426, "upgrade_required"),
        ("?ticket=x&after=no-uuid", 422, "validation_error"),
    ],
)
def test_plain_requests_are_refused(api: FlaskClient, query: str, status: int, code: str) -> None:
    """And cost no ticket."""
    answer = api.get(SOCKET + query)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
