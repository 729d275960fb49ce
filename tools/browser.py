"""The browser of the end-to-end tests: Debian's Chromium, found, else installed where that is ours to do."""

import shutil

from tools import engine
from tools.console import Failure

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The path of an installed one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def ensure() -> str:
    """The path of one that can be started.

    Raises:
        Failure: it is for a person to install one.
    """
    found = find()
    if found is None and engine.host().installable:
        engine.apt_install("chromium")
        found = find()
    if found is None:
        raise Failure("the browser test needs Chromium: install the package chromium and try again")
    return found
