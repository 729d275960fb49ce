"""The settings of notifications: what each of its processes reads from the environment."""

from datetime import timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, AmqpDsn, Field, SecretStr, model_validator

from apps.notifications.domain.notifications import Backoff
from chassis.configuration.live import RELOADABLE
from chassis.settings import EnvironmentSettings, HttpSettings, PostgresProcessSettings, TokenSettings
from chassis.worker.app import WorkerSettings


class StorageSettings(PostgresProcessSettings):
    """What every process of the service reads."""


class ApiSettings(StorageSettings, TokenSettings, HttpSettings):
    """The API's."""

    broker_url: AmqpDsn = Field(description="RabbitMQ, as the service's own user")
    sockets_per_user: int = Field(
        default=10, ge=1, description="sockets of one user in one process", json_schema_extra=RELOADABLE
    )


def _sender(text: str) -> str:
    name, address = parseaddr(text)
    try:
        return str(Address(name, addr_spec=address))
    except (ValueError, IndexError):
        raise ValueError("it must be an address, such as Quadrille <orders@example.com>") from None


class SmtpSettings(EnvironmentSettings):
    """The mail server, how to speak to it, and how patient to be."""

    smtp_server: str = Field(pattern=r"^[^\s:]+:[1-9]\d{0,4}$", description="host:port")
    smtp_starttls: bool = Field(default=True, description="whether to speak under TLS, without which no log-in is sent")
    smtp_ca_file: Path | None = Field(default=None, description="who vouches for the server, beside the system's CAs")
    smtp_user: str | None = Field(default=None, description="for the log-in, where the server wants one")
    smtp_password: SecretStr | None = Field(default=None, description="of that user")
    smtp_timeout: float = Field(
        default=5.0, gt=0, le=15, description="seconds to wait for each of its answers", json_schema_extra=RELOADABLE
    )
    smtp_connections: int = Field(default=4, ge=1, description="conversations at once in one worker")
    smtp_backoff_seconds: float = Field(
        default=1.0, gt=0, description="the pause after the first failure; it doubles", json_schema_extra=RELOADABLE
    )
    smtp_backoff_cap_seconds: float = Field(
        default=10.0, gt=0, description="the longest pause", json_schema_extra=RELOADABLE
    )
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(
        default="Quadrille <orders@quadrille.example>", description="who mails say they are from"
    )
    mails_enabled: bool = Field(
        default=True,
        description="whether mails are sent; if not, they wait, and are sent afterwards",
        json_schema_extra=RELOADABLE,
    )
    mail_rate: str = Field(
        default="50/s",
        pattern=r"^[1-9]\d*/[smh]$",
        description="mails a worker sends at most",
        json_schema_extra=RELOADABLE,
    )
    mail_patience_hours: float = Field(
        default=72.0,
        gt=0,
        description="how long a mail is tried, once the server answers",
        json_schema_extra=RELOADABLE,
    )

    @model_validator(mode="after")
    def _guards_the_password(self) -> Self:
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("SMTP_USER and SMTP_PASSWORD belong together")
        if self.smtp_user is not None and not self.smtp_starttls:
            raise ValueError("with SMTP_USER, SMTP_STARTTLS must be true: a password must not travel in the clear")
        return self

    @property
    def smtp_address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.smtp_server.rpartition(":")
        return host, int(port)

    @property
    def backoff(self) -> Backoff:
        """The pauses as the domain has them."""
        return Backoff(timedelta(seconds=self.smtp_backoff_seconds), timedelta(seconds=self.smtp_backoff_cap_seconds))

    @property
    def mail_patience(self) -> timedelta:
        """The same as a span."""
        return timedelta(hours=self.mail_patience_hours)


class NotificationsWorkerSettings(WorkerSettings, StorageSettings, SmtpSettings):
    """The worker's."""
