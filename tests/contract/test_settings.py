"""Rules that every settings model keeps, and what is exported of them."""

import ast
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from catalogue.settings import MODULES, models, schema

ROOT = Path(__file__).parents[2]
# Where processes are put together: what is read of the settings here is read once.
ASSEMBLIES = [
    path
    for pattern in (
        "*/bootstrap.py",
        "*/*/bootstrap.py",
        "workers/*/app.py",
        "chassis/http/serve*.py",
        "chassis/*/worker.py",
    )
    for path in ROOT.glob(pattern)
]
ALL = [(application, kind) for application in MODULES for kind in models(application)]


@pytest.mark.parametrize(("application", "kind"), ALL, ids=lambda value: getattr(value, "__name__", value))
def test_settings_are_read_alike(application: str, kind: type[BaseSettings]) -> None:
    """An empty variable counts as not given, whatever a model is put together from; and nobody changes settings."""
    assert kind.model_config["env_ignore_empty"]
    assert kind.model_config["frozen"]


def test_secrets_are_marked() -> None:
    """So that the configuration service takes them encrypted only."""
    for application in MODULES:
        for name, field in schema(application, configurable=False)["properties"].items():
            if name.endswith(("_password", "_token", "_secret", "_keys")):
                assert "writeOnly" in str(field), (application, name)


@pytest.mark.parametrize(
    "application", ["users", "orders", "inventory", "notifications", "config", "scheduler", "forwardauth"]
)
def test_log_level_is_everywhere_and_reloads(application: str) -> None:
    """One line changes what all services log."""
    assert schema(application, configurable=True)["properties"]["log_level"]["reloadable"] is True


@pytest.mark.parametrize("path", ASSEMBLIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_reloadable_settings_are_not_copied_at_the_start(path: Path) -> None:
    """They are read from `live.current`, at the time of their use. The log level alone is set twice, and follows."""
    exported = [schema(application, configurable=True)["properties"] for application in MODULES]
    reloadable = {name for each in exported for name, field in each.items() if field.get("reloadable")} - {"log_level"}
    read = [ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    copied = [text for text in read if text.rpartition(".")[2] in reloadable and ".current." not in text]
    assert copied == []
