"""Settings and answers for the tests of the configuration's client."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr

from chassis.configuration.client import ConfigurationError, Given
from chassis.configuration.live import RELOADABLE
from chassis.settings import ProcessSettings

OLD, NEW = "a" * 40, "b" * 40


class ShopSettings(ProcessSettings):
    """Two settings that may change, and one that may not."""

    limit: int = Field(default=10, ge=1, json_schema_extra=RELOADABLE)
    pause: float = Field(default=1.0, gt=0, json_schema_extra=RELOADABLE)
    pool_size: int = Field(default=4, ge=1)


def shop(**values: Any) -> ShopSettings:
    """Made by hand."""
    return ShopSettings(consul_http_token=SecretStr("x"), **values)


class Answers:
    """A source that answers as it is told, one after the other."""

    def __init__(self, *answers: Given | ConfigurationError | None) -> None:
        self._answers: Iterator[Given | ConfigurationError | None] = iter(answers)
        self.known: list[str | None] = []

    def fetch(self, known: str | None) -> Given | None:
        self.known.append(known)
        answer = next(self._answers)
        if isinstance(answer, ConfigurationError):
            raise answer
        return answer
