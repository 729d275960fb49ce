"""How a process reaches the configuration service: bootstrap settings, from the environment alone."""

from pathlib import Path

from pydantic import AmqpDsn, Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConfigurationReach(BaseSettings):
    """Where the configuration service is, and as whom it is asked. Without a URL there is none."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    config_url: HttpUrl | None = Field(
        default=None, description="the configuration service; without it there are only the environment and defaults"
    )
    broker_url: AmqpDsn | None = Field(
        default=None, description="RabbitMQ, where changes are announced; without it they are found by asking"
    )
    config_application: str = Field(
        default="application", pattern=r"^[\w-]+$", description="whose settings are asked for"
    )
    config_password: SecretStr = Field(default=SecretStr(""), description="of the application, at the service")
    config_profile: str = Field(
        default="default", pattern=r"^\w+(,\w+)*$", description="one or more profiles; the last one wins"
    )
    config_label: str = Field(default="main", pattern=r"^[\w./-]+$", description="a branch, a tag or a commit")
    config_copies: Path = Field(default=Path("/copies"), description="folder of the last-known-good copy")
    config_fail_fast: bool = Field(default=False, description="never start from the copy")
    config_patience: float = Field(
        default=30.0, ge=0, description="seconds to wait for the service at start, when there is no copy"
    )
    config_patience_with_copy: float = Field(default=5.0, ge=0, description="the same, when there is one")
    config_poll_seconds: float = Field(
        default=30.0, gt=0, description="how often to ask whether anything changed, besides being told"
    )
