"""What the tools read of a Compose file."""

import json
from pathlib import Path

import pytest

from tools.console import Failure
from tools.stack import Service, Stack, parse_services, with_dependencies


def service(name: str, *depends_on: str) -> Service:
    return Service(name, f"{name}:1", None, depends_on)


SERVICES = {
    entry.name: entry
    for entry in (service("api", "setup"), service("setup", "db"), service("db"), service("ui", "db"), service("log"))
}


def test_dependencies_of_dependencies() -> None:
    """Over any number of steps, and nothing else."""
    assert with_dependencies(SERVICES, ["api"]) == {"api", "setup", "db"}


def test_unknown_names_are_skipped() -> None:
    """A profile may leave a service out."""
    assert with_dependencies(SERVICES, ["db", "later"]) == {"db"}


def test_parse_services() -> None:
    """Ours are built with arguments, others are not built."""
    config = {
        "services": {
            "api": {"image": "us/api:1", "build": {"args": {"SERVICE": "api"}}, "depends_on": {"db": {}}},
            "db": {"image": "db:17"},
        }
    }
    assert parse_services(json.dumps(config)) == {
        "api": Service("api", "us/api:1", {"SERVICE": "api"}, ("db",)),
        "db": Service("db", "db:17", None, ()),
    }


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another project's port is set in the caller's shell."""
    monkeypatch.setenv("WEB_PORT", "9999")
    path = tmp_path / ".env"
    path.write_text("COMPOSE_PROJECT_NAME=us\nWEB_PORT=80\nDB_PASSWORD=x\n")
    return path


def test_shell_wins_as_in_compose(env_file: Path) -> None:
    """`WEB_PORT=9999 make up` means what it says."""
    assert Stack(env_file).ports == {"WEB_PORT": 9999}


def test_isolated_stack_heeds_no_shell(env_file: Path) -> None:
    """The test stack never lands on the ports of another."""
    assert Stack(env_file, isolated=True).ports == {"WEB_PORT": 80}


def test_commands_name_the_project(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever directory they are called from."""
    monkeypatch.delenv("COMPOSE_PROJECT_NAME", raising=False)
    command = Stack(env_file).command("down")
    assert command[-3:] == ["--project-name", "us", "down"]


def test_missing_file_is_explained(tmp_path: Path) -> None:
    """In words."""
    with pytest.raises(Failure, match="make up"):
        Stack(tmp_path / ".env")
