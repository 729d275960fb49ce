"""What an answer of a registry means."""

import pytest

from tools import registry
from tools.registry import Outcome, Registry, classify, reason

NO_HOST = 'Error response from daemon: Get "https://registry/v2/": dial tcp: lookup registry: no such host\n'


@pytest.mark.parametrize(
    ("status", "output", "outcome"),
    [
        (0, "Status: Downloaded newer image", Outcome.PULLED),
        (1, "manifest for us/it:9 not found: manifest unknown", Outcome.NO_SUCH_IMAGE),
        (1, NO_HOST, Outcome.OUT_OF_REACH),
        (-9, "", Outcome.OUT_OF_REACH),
    ],
)
def test_classify(status: int, output: str, outcome: Outcome) -> None:
    """A registry that lacks an image has still answered; one that was killed for its silence has not."""
    assert classify(status, output) is outcome


def test_reason_is_short() -> None:
    """The last part of the engine's message."""
    assert reason(NO_HOST) == "no such host"
    assert reason("") == "no answer"


def test_first_refusal_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry is asked once, not once for each image."""
    asked: list[str] = []

    def refuse(image: str) -> tuple[int, str]:
        asked.append(image)
        return 1, NO_HOST

    monkeypatch.setattr(registry, "_pull", refuse)
    found = Registry()
    assert not any(found.pull(image) for image in ("a", "b", "c"))
    assert (asked, found.reachable) == (["a"], False)


def test_missing_image_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next image may be there."""
    answers = {"a": (1, "manifest unknown"), "b": (0, "done")}
    monkeypatch.setattr(registry, "_pull", answers.__getitem__)
    found = Registry()
    assert [found.pull("a"), found.pull("b")] == [False, True]
