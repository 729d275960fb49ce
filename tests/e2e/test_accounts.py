"""Accounts through the gateway: profile, password, guessing, roles, deactivation, and keys that follow each other."""

import os
import subprocess

import jwt
import pytest

from tests.e2e.client import PASSWORD, Client, new_email
from tests.e2e.stack import compose


@pytest.fixture(scope="session")
def admin(gateway: str) -> Client:
    """The first admin, whom the set-up made."""
    return Client(gateway).log_in(os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])


def log_in(client: Client, email: str, password: str = PASSWORD) -> int:
    return client.sign_in("/api/v1/auth/login", {"email": email, "password": password}).status_code


def me(client: Client) -> dict[str, str]:
    answer = client.call("GET", "/api/v1/users/me")
    assert answer.status_code == 200, answer.text
    account: dict[str, str] = answer.json()
    return account


def kid_of(client: Client) -> str:
    return str(jwt.get_unverified_header(str(client.session.headers["Authorization"]).split()[1])["kid"])


def test_profile_and_password(customer: Client) -> None:
    """The owner changes name, language and password; the old password is worth nothing then."""
    answer = customer.call("PATCH", "/api/v1/users/me", json={"name": "Ада", "language": "ru"})
    assert answer.status_code == 200
    account = me(customer)
    assert (account["name"], account["language"]) == ("Ада", "ru")
    change = {"current_password": PASSWORD, "new_password": "another horse battery staple"}
    assert customer.call("POST", "/api/v1/users/me/password", json=change).status_code == 204
    assert log_in(customer, account["email"]) == 401
    assert log_in(customer, account["email"], change["new_password"]) == 200


def test_common_password(anonymous: Client) -> None:
    """What everybody tries first is refused, and the field is named."""
    body = {"email": new_email(), "password": "Password1234", "name": "A Customer"}
    answer = anonymous.sign_in("/api/v1/users", body)
    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (
        422,
        "validation_error",
        ["password"],
    )


def test_guessing_is_slowed_down(customer: Client, anonymous: Client) -> None:
    """After ten wrong passwords not even the right one is taken for a while."""
    email = me(customer)["email"]
    assert [log_in(anonymous, email, "wrong horse battery") for _ in range(10)] == [401] * 10
    answer = anonymous.sign_in("/api/v1/auth/login", {"email": email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 300


def test_roles_come_with_the_next_token(admin: Client, customer: Client) -> None:
    """A customer who becomes a manager may manage after the next log-in."""
    account = me(customer)
    found = admin.call("GET", "/api/v1/users", params={"q": account["email"]})
    assert [each["id"] for each in found.json()] == [account["id"]]
    answer = admin.call("PUT", f"/api/v1/users/{account['id']}/roles", json={"roles": ["customer", "manager"]})
    assert (answer.status_code, answer.json()["roles"]) == (200, ["customer", "manager"])
    assert customer.call("POST", "/api/v1/products", json={}).status_code == 403
    customer.log_in(account["email"], PASSWORD)
    assert customer.call("POST", "/api/v1/products", json={}).status_code == 422


def test_deactivated_account(admin: Client, customer: Client) -> None:
    """Nobody can log in to it, until it is activated again."""
    account = me(customer)
    assert admin.call("POST", f"/api/v1/users/{account['id']}/deactivate").status_code == 200
    assert log_in(customer, account["email"]) == 401
    assert admin.call("POST", f"/api/v1/users/{account['id']}/activate").status_code == 200
    assert log_in(customer, account["email"]) == 200


def test_administration_is_for_admins(manager: Client, customer: Client, anonymous: Client) -> None:
    """Neither managers nor customers nor strangers see the list."""
    statuses = [client.call("GET", "/api/v1/users").status_code for client in (manager, customer, anonymous)]
    assert statuses == [403, 403, 401]


def test_rotated_key(customer: Client) -> None:
    """When `make rotate-keys` is done a new key signs, and tokens of the old one are valid yet, in every service."""
    before = kid_of(customer)
    subprocess.run(["make", "--no-print-directory", "rotate-keys"], check=True, timeout=100)
    assert customer.call("GET", "/api/v1/orders").status_code == 200
    published = [key["kid"] for key in customer.call("GET", "/.well-known/jwks.json").json()["keys"]]
    customer.sign_up()
    assert kid_of(customer) != before
    assert {before, kid_of(customer)} <= set(published)
    assert customer.call("GET", "/api/v1/orders").status_code == 200


def test_log_holds_no_address(customer: Client) -> None:
    """The service tells of ids, never of e-mail addresses."""
    account = me(customer)
    log_in(customer, account["email"], "wrong horse battery")
    log = compose("logs", "--no-log-prefix", "--tail", "500", "users-api")
    assert account["id"] in log
    assert account["email"] not in log
