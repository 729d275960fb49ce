"""How the tools talk and how they end: in words, with an exit status, never with a traceback."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable

INTERRUPTED = 128 + signal.SIGINT


class Failure(Exception):
    """Ends a command. Its text is one sentence that says what to do."""


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.monotonic() - self._start

    def __str__(self) -> str:
        return elapsed(self.seconds)


def elapsed(seconds: float) -> str:
    """Such as `7 s` or `3 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def say(text: str = "") -> None:
    """Prints at once, also into a pipe."""
    print(text, flush=True)


def title(text: str) -> None:
    """Starts a section of the output."""
    say(f"\n== {text}")


class Terminated(KeyboardInterrupt):
    """SIGTERM came: unlike Ctrl-C, it comes to this process alone and not to its children."""


def _terminate(*_: object) -> None:
    raise Terminated


def main(command: Callable[[], None]) -> None:
    """Runs a command and ends the process."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        command()
    except Failure as failure:
        sys.exit(f"\nFailed: {failure}")
    except KeyboardInterrupt:
        say("\nInterrupted. What has been made so far is kept; the same command goes on from there.")
        sys.exit(INTERRUPTED)
    except subprocess.CalledProcessError as error:
        command_line = " ".join(error.cmd[:4])
        sys.exit(f"\nFailed: `{command_line} ...` ended with status {error.returncode}; its output is above.")
    except OSError as error:
        sys.exit(f"\nFailed: {error}.")
