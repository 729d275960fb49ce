"""What the tools do about an engine, depending on what they find."""

import pytest

from tools.console import Failure
from tools.engine import Engine, Host, Step, compose_version, decide

DEBIAN_ROOT = Host(root=True, debian=True)
DEBIAN_USER = Host(root=False, debian=True)
FEDORA_ROOT = Host(root=True, debian=False)


@pytest.mark.parametrize(
    ("engine", "host", "step"),
    [
        (Engine.READY, DEBIAN_USER, Step.NOTHING),
        (Engine.STOPPED, FEDORA_ROOT, Step.START),
        (Engine.ABSENT, DEBIAN_ROOT, Step.INSTALL),
    ],
)
def test_what_is_ours_to_do(engine: Engine, host: Host, step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running engine is left alone; root starts one, and on Debian installs one."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert decide(engine, host) is step


@pytest.mark.parametrize(
    ("engine", "host", "words"),
    [
        (Engine.FORBIDDEN, DEBIAN_USER, "usermod -aG docker"),
        (Engine.STOPPED, DEBIAN_USER, "systemctl start docker"),
        (Engine.ABSENT, DEBIAN_USER, "install Docker"),
        (Engine.ABSENT, FEDORA_ROOT, "install Docker"),
    ],
)
def test_what_a_person_must_do(engine: Engine, host: Host, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the remedy."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(Failure, match=words):
        decide(engine, host)


def test_remote_engine_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who points to an engine elsewhere starts it there."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    with pytest.raises(Failure, match="DOCKER_HOST"):
        decide(Engine.STOPPED, DEBIAN_ROOT)


@pytest.mark.parametrize(("text", "version"), [("v5.6.1", (5, 6)), ("2.24.6-desktop.1", (2, 24)), ("", ())])
def test_compose_version(text: str, version: tuple[int, ...]) -> None:
    """With and without a leading v; no Compose is older than any."""
    assert compose_version(text) == version
