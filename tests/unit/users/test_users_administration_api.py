"""/api/v1/users for owners and admins, over fakes."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from apps.users.domain.accounts import Role
from apps.users.passwords import Passwords
from apps.users.service.accounts import register as register_as
from chassis.identifiers import new_id
from tests.unit.users.calls import ADA, bearer, log_in, register
from tests.unit.users.fakes import Clock, Database, FakeUnitOfWork, a_registration


@pytest.fixture
def admin(client: FlaskClient, database: Database, passwords: Passwords) -> dict[str, str]:
    """The headers of an admin."""
    root = a_registration(email="root@example.com")
    register_as(FakeUnitOfWork(database), passwords, root, [Role.ADMIN])
    return bearer(log_in(client, email=root.email).json)


@pytest.fixture
def ada(client: FlaskClient) -> Any:
    """The account of a customer."""
    return register(client).json


def test_change_profile(client: FlaskClient, ada: Any) -> None:
    """What is given is another now, what is not stays."""
    headers = bearer(log_in(client).json)
    answer: Any = client.patch("/api/v1/users/me", json={"language": "ru"}, headers=headers)
    assert (answer.status_code, answer.json) == (200, {**ada, "language": "ru"})
    assert client.get("/api/v1/users/me", headers=headers).json == answer.json


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"language": "tlh"}, "language"),
        ({"email": "b@c.org"}, "email"),
        ({"roles": []}, "roles"),
    ],
)
def test_unfit_profile(client: FlaskClient, ada: Any, change: dict[str, object], field: str) -> None:
    """A wrong field is named; neither address nor roles can be changed here."""
    answer: Any = client.patch("/api/v1/users/me", json=change, headers=bearer(log_in(client).json))
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_change_password(client: FlaskClient, ada: Any) -> None:
    """The new password logs in, the old one does not."""
    change = {"current_password": ADA["password"], "new_password": "another horse battery"}
    answer = client.post("/api/v1/users/me/password", json=change, headers=bearer(log_in(client).json))
    assert (answer.status_code, answer.data) == (204, b"")
    assert log_in(client).status_code == 401
    assert log_in(client, password="another horse battery").status_code == 200


def test_wrong_current_password(client: FlaskClient, ada: Any) -> None:
    """Without the current password there is no other."""
    change = {"current_password": "wrong horse battery", "new_password": "another horse battery"}
    answer: Any = client.post("/api/v1/users/me/password", json=change, headers=bearer(log_in(client).json))
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")


def test_too_many_log_ins(client: FlaskClient, ada: Any, clock: Clock) -> None:
    """The eleventh try in five minutes is refused with the time to wait, in both ways to log in."""
    for _ in range(10):
        assert log_in(client, password="wrong").status_code == 401
    clock.turn(seconds=60)
    form = {"grant_type": "password", "username": ADA["email"], "password": ADA["password"]}
    answer: Any
    for answer in (log_in(client), client.post("/api/v1/oauth/token", data=form)):
        assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
        assert answer.headers["Retry-After"] == "240"


def test_list(client: FlaskClient, admin: dict[str, str], ada: Any) -> None:
    """Admins see all accounts, by address, page by page."""
    answer: Any = client.get("/api/v1/users?page_size=1", headers=admin)
    assert (answer.status_code, answer.json) == (200, [ada])
    assert '"total": 2' in answer.headers["X-Pagination"]
    found: Any = client.get("/api/v1/users?q=ROOT&role=admin&active=true", headers=admin).json
    assert [each["roles"] for each in found] == [["admin"]]
    assert client.get("/api/v1/users?active=false", headers=admin).json == []


@pytest.mark.parametrize("query", ["page=0", "page_size=101", "role=emperor", "active=perhaps", "q=%00"])
def test_unfit_query(client: FlaskClient, admin: dict[str, str], query: str) -> None:
    """What cannot be searched for is refused."""
    answer: Any = client.get(f"/api/v1/users?{query}", headers=admin)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")


def test_show(client: FlaskClient, admin: dict[str, str], ada: Any) -> None:
    """An account is found by its id; another id, or what is none, is not."""
    assert client.get(f"/api/v1/users/{ada['id']}", headers=admin).json == ada
    for unknown in (new_id(), "somebody"):
        answer: Any = client.get(f"/api/v1/users/{unknown}", headers=admin)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_set_roles(client: FlaskClient, admin: dict[str, str], ada: Any) -> None:
    """The answer has the new roles, once each."""
    body = {"roles": ["manager", "customer", "manager"]}
    answer: Any = client.put(f"/api/v1/users/{ada['id']}/roles", json=body, headers=admin)
    assert (answer.status_code, answer.json["roles"]) == (200, ["customer", "manager"])


@pytest.mark.parametrize("roles", [[], ["emperor"], "admin", None])
def test_unfit_roles(client: FlaskClient, admin: dict[str, str], ada: Any, roles: object) -> None:
    """An account has at least one role, and only known ones."""
    answer: Any = client.put(f"/api/v1/users/{ada['id']}/roles", json={"roles": roles}, headers=admin)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")


def test_deactivate_and_activate(client: FlaskClient, admin: dict[str, str], ada: Any) -> None:
    """A deactivated account cannot log in until it is active again."""
    assert client.post(f"/api/v1/users/{ada['id']}/deactivate", headers=admin).json == {**ada, "active": False}
    assert log_in(client).status_code == 401
    assert client.post(f"/api/v1/users/{ada['id']}/activate", headers=admin).json == ada
    assert log_in(client).status_code == 200


def test_last_admin(client: FlaskClient, admin: dict[str, str]) -> None:
    """The only admin cannot give the role away to nobody."""
    root: Any = client.get("/api/v1/users/me", headers=admin).json
    answer: Any = client.put(f"/api/v1/users/{root['id']}/roles", json={"roles": ["customer"]}, headers=admin)
    assert (answer.status_code, answer.json["code"]) == (409, "last_admin")


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.MANAGER])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/{}"), ("PUT", "/{}/roles"), ("POST", "/{}/deactivate"), ("POST", "/{}/activate")],
)
def test_not_for_others(
    client: FlaskClient, database: Database, passwords: Passwords, role: Role, method: str, path: str
) -> None:
    """Neither customers nor managers administer, not even their own account."""
    account = register_as(FakeUnitOfWork(database), passwords, a_registration(), [role])
    headers = bearer(log_in(client).json)
    answer: Any = client.open(f"/api/v1/users{path.format(account.id)}", method=method, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
