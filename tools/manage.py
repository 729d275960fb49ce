"""`make down`, `clean`, `ps`, `logs` and `shell`: what is done to a stack that `make up` has started."""

import os
import sys
from collections.abc import Callable

from tools import engine
from tools.console import Failure, main, say
from tools.paths import ROOT
from tools.stack import Stack


def stack() -> Stack:
    """The one that `make up` made."""
    if engine.find_engine() is not engine.Engine.READY or not engine.has_compose():
        raise Failure("Docker or Compose does not answer: run `make up`, which sees to both")
    return Stack(ROOT / ".env")


def service() -> str:
    """The service that the caller names in S."""
    name = os.environ.get("S", "")
    if name not in (known := stack().services()):
        raise Failure(f"say which service, for instance S=orders-api; there are: {', '.join(sorted(known))}")
    return name


def down() -> None:
    """Stops and keeps the data."""
    stack().compose("down", "--remove-orphans")
    say("Stopped. The data is kept; `make up` starts again with it.")


def clean() -> None:
    """Stops and removes the data, after asking."""
    found = stack()
    if os.environ.get("FORCE") != "1":
        question = f"Remove all data of {found.project} (orders, users, stock, logs)? [y/N] "
        answer = input(question) if sys.stdin.isatty() else ""
        if answer.strip().lower() not in {"y", "yes"}:
            raise Failure("nothing was removed: answer y, or run `make clean FORCE=1`")
    found.compose("down", "--volumes", "--remove-orphans")
    say("Stopped, and the data is gone. Images, .env and .venv are kept.")


def ps() -> None:
    """Lists the containers."""
    stack().compose("ps", "--all")


def logs() -> None:
    """Follows the logs of one service or of all."""
    names = [service()] if os.environ.get("S") else []
    stack().compose("logs", "--follow", "--tail", "200", *names)


def shell() -> None:
    """Opens a shell in a container."""
    stack().compose("exec", service(), "sh", "-c", "command -v bash > /dev/null && exec bash || exec sh")


COMMANDS: dict[str, Callable[[], None]] = {command.__name__: command for command in (down, clean, ps, logs, shell)}

if __name__ == "__main__":
    main(COMMANDS[sys.argv[1]])
