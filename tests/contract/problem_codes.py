"""The codes that the services refuse with, and those that docs/errors.md has."""

import importlib
import inspect
import re
from pathlib import Path

from catalogue import package_of

_TABLE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()

DOCUMENTED = {code: int(status) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", _TABLE, re.MULTILINE)}


def refusals(service: str) -> set[str]:
    """The codes of the service's domain refusals."""
    module = importlib.import_module(f"{package_of(service)}.domain.refusals")
    classes = [kind for _, kind in inspect.getmembers(module, inspect.isclass)]
    return {vars(kind)["code"] for kind in classes if issubclass(kind, Exception) and "code" in vars(kind)}
