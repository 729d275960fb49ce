"""Changing settings: checked before, one commit each, never over somebody else's change."""

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from config.changes import Changes, Wish
from config.cipher import Cipher
from config.domain import refusals
from config.editing import edited
from config.git import GitRepository
from config.models import Models
from config.service import Configuration
from tests.contract.apis import bearer
from tests.unit.config.conftest import MODELS, Commit

ME = Wish("me")
ADMIN = bearer("admin")


def value(configuration: Configuration, application: str, key: str, profile: str = "default") -> Any:
    return configuration.environment(application, [profile]).effective().get(key)


def test_change_is_one_commit(changes: Changes, configuration: Configuration, repository: GitRepository) -> None:
    """With its author and a message that says what."""
    before = repository.resolve("main")
    made = changes.change("orders", None, {"order_tries": 7}, Wish("Ann <root>", None))
    assert value(configuration, "orders", "order_tries") == 7
    assert (made.parent, made.author, made.message) == (before, "Ann root", "orders: set order_tries to 7.")
    assert repository.resolve("main") == made.id


def test_profile_has_a_file_of_its_own(changes: Changes, configuration: Configuration) -> None:
    """One that is not there yet is made."""
    changes.change("orders", "eu", {"order_tries": 1}, ME)
    assert value(configuration, "orders", "order_tries", "eu") == 1
    assert value(configuration, "orders", "order_tries") == 3


def test_key_can_be_removed(changes: Changes, configuration: Configuration) -> None:
    """Then the next file, or the default, counts."""
    changes.change("orders", None, {"shared": None}, ME)
    assert value(configuration, "orders", "shared") == 1


@pytest.mark.parametrize(
    ("application", "key", "given", "words"),
    [
        ("orders", "order_tries", -1, "minimum"),
        ("orders", "order_tries", "many", "integer"),
        ("orders", "log_level", "LOUD", "one of"),
        ("orders", "order_trys", 1, "order_tries is meant?"),
        ("application", "log_level", "LOUD", "one of"),
        ("application", "nothing", 1, "no such setting"),
        ("orders", "password", "in clear", "encrypt it first"),
        ("orders", "password", "{cipher}nonsense", "no key"),
        ("orders", "order_tries", "${log_level}", "integer"),
        ("../../etc/passwd", "order_tries", 1, "letters, digits"),
    ],
)
def test_wrong_value_is_not_committed(
    changes: Changes, repository: GitRepository, application: str, key: str, given: object, words: str
) -> None:
    """The settings model of the service decides, also of a shared value and of what a placeholder stands for."""
    before = repository.resolve("main")
    with pytest.raises(refusals.InvalidSetting, match=words):
        changes.change(application, None, {key: given}, ME)
    assert repository.resolve("main") == before


def test_placeholder_may_stand_for_a_good_value(changes: Changes, configuration: Configuration) -> None:
    """It is checked with what it is filled in with."""
    changes.change("orders", None, {"order_tries": "${shared}"}, ME)
    assert configuration.environment("orders", ["default"]).filled_in().effective()["order_tries"] == 3


def test_secret_is_taken_encrypted(changes: Changes, cipher: Cipher) -> None:
    """And not repeated in the message."""
    made = changes.change("orders", None, {"password": cipher.encrypt("hush")}, ME)
    assert made.message == "orders: set password."


def test_unknown_application_is_no_typing_mistake_to_commit(changes: Changes, commit: Commit) -> None:
    """Another's client needs a file first; then its values are its own affair."""
    with pytest.raises(refusals.UnknownApplication):
        changes.change("odrers", None, {"a": 1}, ME)
    commit(spring__yml=b"a: 1\n")
    changes.change("spring", None, {"a": "anything"}, ME)


def test_same_value_is_no_commit(changes: Changes) -> None:
    """The history holds changes only."""
    with pytest.raises(refusals.NothingToChange):
        changes.change("orders", None, {"order_tries": 3}, ME)


def test_stale_commit_is_refused(changes: Changes, repository: GitRepository) -> None:
    """Who names the commit that he has seen overwrites nobody."""
    seen = repository.resolve("main")
    changes.change("orders", None, {"order_tries": 4}, ME)
    with pytest.raises(refusals.StaleConfiguration):
        changes.change("orders", None, {"order_tries": 5}, Wish("me", None, seen))


def test_two_changes_at_once_are_both_made(changes: Changes, configuration: Configuration) -> None:
    """Each on top of the other."""
    start = threading.Barrier(2)

    def change(application: str, key: str) -> None:
        start.wait()
        changes.change(application, None, {key: 99}, ME)

    both = [threading.Thread(target=change, args=pair) for pair in (("orders", "order_tries"), ("orders", "shared"))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert (value(configuration, "orders", "order_tries"), value(configuration, "orders", "shared")) == (99, 99)


def test_change_that_never_wins_is_refused(repository: GitRepository, cipher: Cipher) -> None:
    """After some tries, instead of trying for ever."""

    class Contended(GitRepository):
        def commit(self, *_: object, **__: object) -> None:
            return None

    contended = Changes(Contended(repository._repo), Models(MODELS, cipher), "main")  # noqa: SLF001 - same objects
    with pytest.raises(refusals.ContendedConfiguration):
        contended.change("orders", None, {"order_tries": 4}, ME)


def test_rollback_is_a_new_commit(changes: Changes, configuration: Configuration, repository: GitRepository) -> None:
    """The history keeps both; a commit that cannot be read is no way back."""
    before = repository.resolve("main")
    changes.change("orders", "eu", {"order_tries": 4}, ME)
    made = changes.rollback(before[:8], ME)
    assert repository.changed_files(before, made.id) == set()
    assert value(configuration, "orders", "order_tries", "eu") == 3
    assert changes.history(None, 0, 10)[1] == 3


def test_rollback_to_a_broken_commit_is_refused(changes: Changes, commit: Commit, repository: GitRepository) -> None:
    """And rolling back is the way out of one."""
    good = repository.resolve("main")
    broken = commit(orders__yml=b"a: [")
    with pytest.raises(refusals.BrokenConfiguration):
        changes.change("users", None, {"access_token_lifetime": 5}, ME)
    changes.rollback(good, ME)
    with pytest.raises(refusals.BrokenConfiguration):
        changes.rollback(broken, ME)


def test_history_of_one_application(changes: Changes) -> None:
    """The newest first; the first commit is about all."""
    changes.change("orders", None, {"order_tries": 4}, ME)
    changes.change("users", None, {"access_token_lifetime": 5}, ME)
    found, count = changes.history("users", 0, 1)
    assert (found[0].message, count) == ("users: set access_token_lifetime to 5.", 2)


def test_remote_repository_is_changed_there(repository: GitRepository, cipher: Cipher) -> None:
    """A change here would be gone after the next fetch."""
    changes = Changes(repository, Models(MODELS, cipher), "main", follows_remote=True)
    with pytest.raises(refusals.FollowsRemote):
        changes.change("orders", None, {"order_tries": 4}, ME)


@pytest.mark.parametrize(
    ("file", "before", "values", "after"),
    [
        ("a.yml", "# one\na: 1  # two\nb: 2\n", {"a": 5}, "# one\na: 5  # two\nb: 2\n"),
        ("a.yml", "a: 1", {"b": "x: y"}, "a: 1\nb: 'x: y'\n"),
        ("a.yml", "a: 1\nb: 2\n", {"a": None}, "b: 2\n"),
        ("a.yml", "", {"a": [1, 2]}, "a: [1, 2]\n"),
        ("a.yml", "ab: 1\n", {"b": 2}, "ab: 1\nb: 2\n"),
        ("a.properties", "a=1\n", {"a": True}, "a=true\n"),
    ],
)
def test_edit_leaves_the_rest(file: str, before: str, values: dict[str, Any], after: str) -> None:
    """Comments and order too."""
    assert edited(file, before.encode(), values).decode() == after


@pytest.mark.parametrize("text", ["a:\n  - 1\n  - 2\n", "a: 1\n---\nb: 2\n", "a: |\n  long\n  text\n"])
def test_edit_refuses_what_it_would_spoil(text: str) -> None:
    """A value of several lines, and a file of several documents."""
    with pytest.raises(refusals.InvalidSetting):
        edited("a.yml", text.encode(), {"a": 5})


def test_api_changes_lists_and_rolls_back(client: FlaskClient, repository: GitRepository) -> None:
    """Everything that an administrator does, in a row."""
    before = repository.resolve("main")
    body = {"application": "orders", "values": {"order_tries": 8}, "message": "More patience."}
    made = client.post("/api/v1/config/changes", json=body, headers={**ADMIN, "If-Match": f'"{before}"'})
    assert (made.status_code, made.get_json()["message"]) == (201, "More patience.")
    listed = client.get("/api/v1/config/changes?application=orders&page_size=1", headers=ADMIN)
    assert [each["commit"] for each in listed.get_json()] == [made.get_json()["commit"]]
    shown = client.get(f"/api/v1/config/changes/{made.get_json()['commit'][:10]}", headers=ADMIN).get_json()
    assert "+order_tries: 8" in shown["diff"]
    back = client.post("/api/v1/config/rollbacks", json={"commit": before}, headers=ADMIN)
    assert back.status_code == 201
    assert repository.changed_files(before, back.get_json()["commit"]) == set()


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ({"application": "orders", "values": {"order_tries": -1}}, {}, 422, "validation_error"),
        ({"application": "orders", "values": {}}, {}, 422, "validation_error"),
        ({"application": "odrers", "values": {"a": 1}}, {}, 422, "unknown_application"),
        ({"application": "orders", "values": {"order_tries": 3}}, {}, 409, "nothing_to_change"),
        ({"application": "orders", "values": {"order_tries": 4}}, {"If-Match": '"0"'}, 412, "precondition_failed"),
    ],
)
def test_api_refuses(
    client: FlaskClient, body: dict[str, Any], headers: dict[str, str], status: int, code: str
) -> None:
    """With a code, and the key that is wrong."""
    answer = client.post("/api/v1/config/changes", json=body, headers={**ADMIN, **headers})
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_api_is_for_administrators(client: FlaskClient) -> None:
    """A manager changes prices, not settings."""
    body = {"application": "orders", "values": {"order_tries": 8}}
    assert client.post("/api/v1/config/changes", json=body, headers=bearer("manager")).status_code == 403
    assert client.post("/api/v1/config/changes", json=body).status_code == 401
    assert client.get("/api/v1/config/changes/0000000", headers=ADMIN).status_code == 404
