"""Settings: read once from the environment, checked by pydantic; a wrong one ends the process with a sentence."""

import sys
from typing import Literal, TypeVar

from pydantic import AmqpDsn, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from chassis.logs import configure_logs, stop_with


class EnvironmentSettings(BaseSettings):
    """Base of all settings. An environment variable has its field's name in capitals; an empty one is none."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


class ProcessSettings(EnvironmentSettings):
    """What every process needs, whatever it serves."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    consul_http_addr: HttpUrl = HttpUrl("http://consul:8500")
    consul_http_token: SecretStr | None = Field(default=None, description="of this service alone; jobs need none")
    otel_exporter_otlp_endpoint: HttpUrl | None = None
    startup_timeout: float = Field(default=30.0, gt=0, description="seconds to wait for a data store at start")


class TokenSettings(EnvironmentSettings):
    """What checking an access token needs."""

    token_issuer: str = "quadrille"  # noqa: S105 - a name
    token_audience: str = "quadrille-api"  # noqa: S105 - a name


class ClientSettings(EnvironmentSettings):
    """The OAuth 2.0 client by which a service gets tokens to call others."""

    oauth_client_id: str
    oauth_client_secret: SecretStr


class PostgresSettings(EnvironmentSettings):
    """One service's own database."""

    database_url: SecretStr
    database_pool_size: int = Field(default=16, ge=1)


class MongoSettings(EnvironmentSettings):
    """The document store."""

    mongo_url: SecretStr


class BrokerSettings(EnvironmentSettings):
    """RabbitMQ, and how often an event is tried again."""

    broker_url: AmqpDsn
    event_retry_rounds: int = Field(default=6, ge=0, description="trips through the retry queue before the dead letter")
    inbox_retention_days: int = Field(default=14, ge=1, description="longer than any dead letter waits for its replay")
    relay_batch_size: int = Field(default=200, ge=1, le=1000)


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load_settings(kind: type[SettingsT], service: str) -> SettingsT:
    """Reads the settings and configures the logs; on a wrong or missing one, says which and ends the process."""
    configure_logs(service)
    try:
        settings = kind()
    except ValidationError as error:
        stop_with(_first_mistake(error))
    except SettingsError as error:  # a list or an object that is no JSON
        stop_with(f"A setting cannot be read: {error}.")
    configure_logs(service, getattr(settings, "log_level", "INFO"))
    return settings


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in mistake["loc"]).upper()
    if not name:  # a rule about several settings, whose words name them
        return f"The settings do not fit together: {mistake['msg'].removeprefix('Value error, ')}."
    if mistake["type"] == "missing":
        return f"The setting {name} is missing: give it in the environment of this process ({sys.argv[0]})."
    return f"The setting {name} is wrong: {mistake['msg'].removeprefix('Value error, ')}."
