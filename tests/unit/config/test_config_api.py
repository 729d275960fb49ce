"""The API over a repository in memory."""

import base64
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.cipher import Cipher
from config.git import GitRepository
from tests.contract.apis import bearer
from tests.unit.config.conftest import PASSWORDS, Commit


def basic(name: str, password: str | None = None) -> dict[str, str]:
    """The headers of a service that logs in."""
    pair = f"{name}:{PASSWORDS[name] if password is None else password}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def get(client: FlaskClient, path: str, name: str = "orders", **headers: str) -> TestResponse:
    """GET as a service."""
    return client.get(path, headers={**basic(name), **headers})


def test_environment_is_springs_json(client: FlaskClient, repository: GitRepository) -> None:
    """Names, sources and version as a Spring client reads them; placeholders are left to the client."""
    answer = get(client, "/orders/dev")
    assert answer.get_json() == {
        "name": "orders",
        "profiles": ["dev"],
        "label": "main",
        "version": repository.resolve("main"),
        "state": None,
        "propertySources": [
            {"name": "orders-dev.yml", "source": {"order_tries": 5}},
            {"name": "application-dev.yml", "source": {"shared": 2}},
            {
                "name": "orders.yml",
                "source": {"order_tries": 3, "shared": 3, "url": "http://${host:localhost}/${path}"},
            },
            {"name": "application.yml", "source": {"log_level": "INFO", "shared": 1}},
        ],
    }


def test_unknown_application_gets_what_is_shared(client: FlaskClient) -> None:
    """As with Spring: a service needs no file of its own."""
    sources = client.get("/application/default", headers=basic("users")).get_json()["propertySources"]
    assert [each["name"] for each in sources] == ["application.yml"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/orders-dev.yml", "application/yaml"),
        ("/orders-dev.yaml", "application/yaml"),
        ("/main/orders-dev.yml", "application/yaml"),
        ("/orders-dev.json", "application/json"),
        ("/main/orders-dev.json", "application/json"),
    ],
)
def test_files_hold_the_values_that_win(client: FlaskClient, path: str, kind: str) -> None:
    """With the placeholders that can be filled in."""
    answer = get(client, path)
    assert answer.content_type.startswith(kind)
    assert yaml.safe_load(answer.text) == {
        "log_level": "INFO", "order_tries": 5, "shared": 2, "url": "http://localhost/${path}",
    }  # fmt: skip


def test_properties_form(client: FlaskClient) -> None:
    """One line for each key, sorted."""
    assert get(client, "/orders-dev.properties").text.splitlines()[:2] == ["log_level: INFO", "order_tries: 5"]


def test_label_may_be_branch_tag_or_commit(client: FlaskClient, repository: GitRepository, commit: Commit) -> None:
    """An old commit is served as it was; a slash is written (_)."""
    old = repository.resolve("main")
    repository.commit("release/1", None, {"orders.yml": b"order_tries: 1\n"}, "a tester", "A branch")
    commit(orders__yml=b"order_tries: 9\n")

    def tries(label: str) -> Any:
        return get(client, f"/orders/default/{label}").get_json()["propertySources"][0]["source"]["order_tries"]

    assert tries(old) == tries(old[:8]) == 3
    assert tries("main") == 9
    assert tries("release(_)1") == 1
    assert get(client, "/orders/default/nowhere").status_code == 404


def test_etag_is_the_commit(client: FlaskClient, commit: Commit) -> None:
    """Who has it gets 304, until there is another commit."""
    first = get(client, "/orders/default")
    assert first.headers["ETag"] == f'"{first.get_json()["version"]}"'
    known = {"If-None-Match": first.headers["ETag"]}
    again = get(client, "/orders/default", **known)
    assert (again.status_code, again.data) == (304, b"")
    new = commit(users__yml=b"a: 1\n")
    assert get(client, "/orders/default", **known).headers["ETag"] == f'"{new}"'


@pytest.mark.parametrize("headers", [{}, basic("orders", "wrong"), basic("nobody", ""), bearer("admin")])
def test_services_log_in(client: FlaskClient, headers: dict[str, str]) -> None:
    """401 with the challenge of Basic; a user's token is none of a service."""
    answer = client.get("/orders/default", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "path", ["/users/default", "/users-default.yml", "/users/default/main", "/main/users-dev.json"]
)
def test_service_reads_its_own_settings_only(client: FlaskClient, path: str) -> None:
    """403 for another's, in every form."""
    answer = get(client, path)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")


def test_secret_is_for_its_service_alone(client: FlaskClient, commit: Commit, cipher: Cipher) -> None:
    """The service gets it in clear; the operator and the administrator see that there is one."""
    commit(orders__yml=f"password: '{cipher.encrypt('hush')}'\n".encode())
    assert get(client, "/orders/default").get_json()["propertySources"][0]["source"] == {"password": "hush"}
    for answer in (
        client.get("/orders/default", headers=basic("operator")),
        client.get("/api/v1/config/orders/default", headers=bearer("admin")),
    ):
        assert answer.status_code == 200
        assert "hush" not in answer.text
        assert "{cipher}" in answer.text


def test_last_good_commit_is_served(client: FlaskClient, repository: GitRepository, commit: Commit) -> None:
    """A broken file breaks nothing; who asks for the broken commit is served the one before as well."""
    good = repository.resolve("main")
    broken = commit(orders__yml=b"order_tries: [")
    answer = get(client, "/orders/default")
    assert answer.get_json()["version"] == good
    assert get(client, f"/orders/default/{broken}").get_json()["version"] == good
    health = client.get("/health/ready").get_json()
    assert health == {"status": "ok", "checks": {}}  # this API was made without checks


def test_nothing_good_names_the_file(client: FlaskClient, repository: GitRepository) -> None:
    """422 for a branch that never held a commit which could be read."""
    repository.commit("bad", None, {"orders.yml": b"\xff"}, "a tester", "A broken branch")
    answer = get(client, "/orders/default/bad")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "configuration_broken")
    assert "orders.yml" in answer.get_json()["errors"]


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd/default",
        "/orders/..%2f..%2fetc%2fpasswd",
        "/orders/default/..%2f..%2fetc%2fpasswd",
        "/orders/default/(_)..(_)..(_)etc(_)passwd",
        "/orders/default/..",
        "/..%2f..%2fetc%2fpasswd-default.yml",
        "/main/..%2f..%2fetc%2fpasswd",
        "/..%2fmain/orders-default.yml",
        "/orders/%2e%2e",
        "/orders/default/refs/heads/main",
        "/orders/default/HEAD",
        "/.git/config",
        "/orders%00/default",
    ],
)
def test_traversal_leads_nowhere(client: FlaskClient, path: str) -> None:
    """Names are names: no part of a path reaches a file system."""
    answer = get(client, path)
    assert answer.status_code in (400, 404)
    assert answer.content_type == "application/problem+json"
    assert "root:" not in answer.text


@pytest.mark.parametrize(("roles", "status"), [((), 403), (("customer",), 403), (("manager",), 403), (("admin",), 200)])
def test_administrators_read_through_the_gateway(client: FlaskClient, roles: tuple[str, ...], status: int) -> None:
    """Nobody else; and not by a service's password."""
    for path in ("/api/v1/config/orders/dev", "/api/v1/config/orders/dev/main"):
        assert client.get(path, headers=bearer(*roles)).status_code == status
        assert client.get(path).status_code == 401
        assert client.get(path, headers=basic("operator")).status_code == 401


def test_placeholders_are_filled_in_on_request(client: FlaskClient) -> None:
    """Both for services and for administrators."""
    for path, headers in (("/orders/default", basic("orders")), ("/api/v1/config/orders/default", bearer("admin"))):
        source = client.get(f"{path}?resolvePlaceholders=true", headers=headers).get_json()["propertySources"][0][
            "source"
        ]
        assert source["url"] == "http://localhost/${path}"


def test_without_a_remote_there_is_nothing_to_fetch(client: FlaskClient) -> None:
    """409, for administrators; others are refused before."""
    answer = client.post("/api/v1/config/fetch", headers=bearer("admin"))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "no_remote_repository")
    assert client.post("/api/v1/config/fetch", headers=bearer("manager")).status_code == 403
