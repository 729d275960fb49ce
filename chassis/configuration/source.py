"""The configuration service as a source of pydantic-settings: after the environment, before the defaults."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

_values: ContextVar[Mapping[str, Any] | None] = ContextVar("configuration_values", default=None)


@contextmanager
def configuration_values(values: Mapping[str, Any]) -> Iterator[None]:
    """Settings that are made inside the block take these values, where the environment has none."""
    token = _values.set(values)
    try:
        yield
    finally:
        _values.reset(token)


class ConfigurationSource(PydanticBaseSettingsSource):
    """The values of the block around, as far as the settings know them."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """See pydantic-settings."""
        del field
        return (_values.get() or {}).get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """See pydantic-settings."""
        given = _values.get() or {}
        return {name: given[name] for name in self.settings_cls.model_fields if name in given}
