"""Images from a container registry, as long as one answers."""

import subprocess
import threading
from enum import Enum, auto

from tools.console import say

# A registry that answers prints a first line at once. One that is out of reach may keep a connection hanging.
FIRST_LINE_SECONDS = 20

# The registry has answered, so the next image may be there.
NO_SUCH_IMAGE = ("manifest unknown", "not found: manifest", "repository does not exist", "no matching manifest")


class Outcome(Enum):
    """How a pull ended."""

    PULLED = auto()
    NO_SUCH_IMAGE = auto()
    OUT_OF_REACH = auto()


def classify(status: int, output: str) -> Outcome:
    """What the exit status and the output of `docker pull` mean."""
    if status == 0:
        return Outcome.PULLED
    return Outcome.NO_SUCH_IMAGE if any(words in output for words in NO_SUCH_IMAGE) else Outcome.OUT_OF_REACH


def reason(output: str) -> str:
    """The last part of an error: `Get "https://...": dial tcp: lookup ...: no such host` -> `no such host`."""
    lines = output.strip().splitlines()
    return lines[-1].rpartition(": ")[2] if lines else "no answer"


class Registry:
    """Remembers the first refusal: the rest of the run asks no more."""

    def __init__(self) -> None:
        self.reachable = True
        self._lock = threading.Lock()
        self._proven = False

    def pull(self, image: str) -> bool:
        """True when the image is here now."""
        if not self._proven:
            # One at a time until it is known whether a registry answers at all.
            with self._lock:
                return self.reachable and self._try(image)
        return self._try(image)

    def _try(self, image: str) -> bool:
        status, output = _pull(image)
        outcome = classify(status, output)
        if outcome is Outcome.OUT_OF_REACH and not self._proven:
            self.reachable = False
            say(f"no container registry answers ({reason(output)}): images are built from packages")
        self._proven = self._proven or outcome is not Outcome.OUT_OF_REACH
        return outcome is Outcome.PULLED


def _pull(image: str) -> tuple[int, str]:
    with subprocess.Popen(
        ["docker", "pull", image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout  # noqa: S101 - for mypy: it is a pipe
        watchdog = threading.Timer(FIRST_LINE_SECONDS, process.kill)
        watchdog.start()
        first = process.stdout.readline()
        watchdog.cancel()
        rest = process.stdout.read()
    return process.returncode, first + rest
