"""Rules that every settings model keeps, and what is exported of them."""

import pytest
from pydantic_settings import BaseSettings

from catalogue.settings import MODULES, models, schema

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
