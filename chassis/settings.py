"""Settings: from the environment, then the configuration service, then the defaults here; checked by pydantic.

A wrong one in the environment ends the process with a sentence; a wrong one of the configuration service is left out.
"""

import sys
from typing import Literal, Self, TypeVar

from pydantic import AmqpDsn, Field, HttpUrl, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from chassis.configuration.live import RELOADABLE, Live, make_settings
from chassis.configuration.reach import ConfigurationReach
from chassis.configuration.source import ConfigurationSource
from chassis.configuration.start import obtain
from chassis.logs import configure_logs, stop_with


class EnvironmentSettings(BaseSettings):
    """Base of all settings. An environment variable has its field's name in capitals; an empty one is none."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


class ProcessSettings(EnvironmentSettings):
    """What every process needs, whatever it serves. An environment variable has its field's name in capitals."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="what is logged at least", json_schema_extra=RELOADABLE
    )
    consul_http_addr: HttpUrl = Field(default=HttpUrl("http://consul:8500"), description="where Consul is")
    consul_http_token: SecretStr | None = Field(
        default=None, description="at Consul, of this service alone; jobs need none"
    )
    otel_exporter_otlp_endpoint: HttpUrl | None = Field(
        default=None, description="where traces go, by OTLP over HTTP; without it there are none"
    )
    trace_sample_ratio: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="which share of the traces that begin here is recorded",
        json_schema_extra=RELOADABLE,
    )
    startup_timeout: float = Field(default=30.0, gt=0, description="seconds to wait for a data store at start")

    _live: "Live[Self] | None" = PrivateAttr(default=None)

    @property
    def live(self) -> "Live[Self]":
        """The holder whose `current` follows the configuration; made by hand, settings never change."""
        if self._live is None:
            self._live = Live(self)
        return self._live

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """See pydantic-settings."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, ConfigurationSource(settings_cls)


class HttpSettings(EnvironmentSettings):
    """What an API allows its callers."""

    max_body_bytes: int = Field(
        default=64 * 1024,
        ge=1024,
        le=16 * 1024 * 1024,
        description="the largest body of a request; above it is 413",
        json_schema_extra=RELOADABLE,
    )


class TokenSettings(EnvironmentSettings):
    """What checking an access token needs."""

    token_issuer: str = Field(default="quadrille", description="`iss` of an access token")
    token_audience: str = Field(default="quadrille-api", description="`aud` of an access token")


class ClientSettings(EnvironmentSettings):
    """The OAuth 2.0 client by which a service gets tokens to call others."""

    oauth_client_id: str = Field(description="of this service, as an OAuth 2.0 client")
    oauth_client_secret: SecretStr = Field(description="of that client")


class PostgresSettings(EnvironmentSettings):
    """One service's own database."""

    database_url: SecretStr = Field(description="the service's database, as SQLAlchemy writes it")
    database_pool_size: int = Field(default=16, ge=1, description="connections that a process holds at most")


class PostgresProcessSettings(ProcessSettings, PostgresSettings):
    """What every process of a service on PostgreSQL needs."""


class MongoSettings(EnvironmentSettings):
    """The document store."""

    mongo_url: SecretStr = Field(description="the service's database, as a MongoDB connection string")


class BrokerSettings(EnvironmentSettings):
    """RabbitMQ, and how often an event is tried again."""

    broker_url: AmqpDsn = Field(description="RabbitMQ, as the service's own user")
    event_retry_rounds: int = Field(
        default=6,
        ge=0,
        description="trips through the retry queue before the dead letter",
        json_schema_extra=RELOADABLE,
    )
    inbox_retention_days: int = Field(
        default=14,
        ge=1,
        description="longer than any dead letter waits for its replay",
        json_schema_extra=RELOADABLE,
    )
    relay_batch_size: int = Field(
        default=200,
        ge=1,
        le=1000,
        description="events that the relay publishes at once",
        json_schema_extra=RELOADABLE,
    )


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load_settings(kind: type[SettingsT], service: str) -> SettingsT:
    """Reads the settings and configures the logs; on a wrong or missing one, says which and ends the process."""
    configure_logs(service)
    try:
        if not issubclass(kind, ProcessSettings):
            return kind()
        given, origin = obtain(ConfigurationReach())
        settings, refused = make_settings(kind, given.values if given else {})
    except ValidationError as error:
        stop_with(_first_mistake(error))
    except SettingsError as error:  # a list or an object that is no JSON
        stop_with(f"A setting cannot be read: {error}.")
    configure_logs(service, settings.log_level)
    settings.live.begin(given.commit if given else None, origin, refused)
    return settings


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in mistake["loc"]).upper()
    if not name:  # a rule about several settings, whose words name them
        return f"The settings do not fit together: {mistake['msg'].removeprefix('Value error, ')}."
    if mistake["type"] == "missing":
        return f"The setting {name} is missing: give it in the environment of this process ({sys.argv[0]})."
    return f"The setting {name} is wrong: {mistake['msg'].removeprefix('Value error, ')}."
