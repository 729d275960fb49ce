"""docs/errors.md is the one table of stable codes, and it is complete."""

import importlib
import inspect
import re
from pathlib import Path

from catalogue import SERVICES
from chassis.http.errors import CODES

TABLE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
DOCUMENTED = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", TABLE, re.MULTILINE))
IDEMPOTENCY = {"idempotency_key_reused", "idempotency_key_in_progress"}
DOMAIN_MODULES = {"inventory": "refusals", "orders": "refusals", "users": "accounts"}


def refusals() -> set[str]:
    """The codes of all services' domain refusals."""
    modules = [importlib.import_module(f"apps.{name}.domain.{DOMAIN_MODULES[name]}") for name in SERVICES]
    classes = [kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)]
    return {vars(kind)["code"] for kind in classes if issubclass(kind, Exception) and "code" in vars(kind)}


def test_every_code_is_documented() -> None:
    """Those of a bare status, and those of the domains."""
    assert refusals() >= {"email_taken", "sku_taken", "unknown_sku"}
    assert refusals() | set(CODES.values()) | IDEMPOTENCY == set(DOCUMENTED)


def test_status_of_each_code_is_right() -> None:
    """The table tells the status that the chassis gives."""
    assert all(DOCUMENTED[code] == str(status) for status, code in CODES.items())
