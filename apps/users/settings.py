"""The settings of the users service: what each of its processes reads from the environment."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from apps.users.addresses import normal_form
from apps.users.domain.log_ins import LogInLimit
from apps.users.domain.oauth import is_client_id, is_scope
from apps.users.domain.sessions import SessionRules
from apps.users.passwords import HashCost
from apps.users.service.oauth import ClientCredentials
from apps.users.signing import KeyCipher, KeyRules
from chassis.configuration.live import RELOADABLE
from chassis.settings import EnvironmentSettings, HttpSettings, PostgresProcessSettings, TokenSettings

DAY = 24 * 60 * 60


class StorageSettings(PostgresProcessSettings):
    """What every process of the service reads."""


def _fernet_keys(secret: SecretStr) -> SecretStr:
    try:
        KeyCipher(secret.get_secret_value().split(","))
    except ValueError:
        raise ValueError("it must be 32 random bytes in URL-safe base64, or several of them with commas") from None
    return secret


def _address(text: str) -> str:
    address = normal_form(text)
    if address is None:
        raise ValueError("it is no e-mail address")
    return address


def _client_id(text: str) -> str:
    if not is_client_id(text):
        raise ValueError("it must be printable ASCII")
    return text


def _scope(text: str) -> str:
    if not is_scope(text):
        raise ValueError("it is no scope")
    return text


Address = Annotated[str, AfterValidator(_address)]


class PasswordSettings(EnvironmentSettings):
    """The cost of a password's hash, one that OWASP recommends for argon2id."""

    password_hash_memory_kib: int = Field(default=19 * 1024, ge=8, description="memory that one hash takes")
    password_hash_passes: int = Field(default=2, ge=1, description="passes over that memory")
    password_hash_lanes: int = Field(default=1, ge=1, description="threads of one hash")
    password_hashes_at_once: int = Field(default=2, ge=1, description="each holds its memory and one processor")

    def hash_cost(self) -> HashCost:
        """The parameters of the password hashes."""
        return HashCost(
            memory_kib=self.password_hash_memory_kib,
            passes=self.password_hash_passes,
            lanes=self.password_hash_lanes,
            at_once=self.password_hashes_at_once,
        )


class KeySettings(EnvironmentSettings):
    """What guards the signing keys, and how they follow each other."""

    token_key_secret: Annotated[SecretStr, AfterValidator(_fernet_keys)] = Field(description="the newest first")
    access_token_lifetime: int = Field(default=600, ge=1, description="seconds", json_schema_extra=RELOADABLE)
    signing_key_lifetime: int = Field(
        default=30 * DAY, ge=1, description="seconds until the next one is made", json_schema_extra=RELOADABLE
    )
    signing_key_lead: float = Field(
        default=10, ge=0, description="seconds in which it is published and does not sign", json_schema_extra=RELOADABLE
    )

    def key_cipher(self) -> KeyCipher:
        """Makes and opens the keys."""
        return KeyCipher(self.token_key_secret.get_secret_value().split(","))

    def key_rules(self) -> KeyRules:
        """How keys follow each other."""
        return KeyRules(
            lead=timedelta(seconds=self.signing_key_lead),
            lifetime=timedelta(seconds=self.signing_key_lifetime),
            token_lifetime=timedelta(seconds=self.access_token_lifetime),
        )


class SessionSettings(EnvironmentSettings):
    """How long sessions last, and how often somebody may guess a password."""

    refresh_token_lifetime: int = Field(
        default=14 * DAY, ge=1, description="seconds without use", json_schema_extra=RELOADABLE
    )
    refresh_grace: float = Field(
        default=5, ge=0, description="seconds in which a spent token gets the same answer", json_schema_extra=RELOADABLE
    )
    session_lifetime: int = Field(
        default=90 * DAY, ge=1, description="seconds, however often it is refreshed", json_schema_extra=RELOADABLE
    )
    log_in_failures: int = Field(
        default=10,
        ge=1,
        description="wrong passwords for one account until it is blocked",
        json_schema_extra=RELOADABLE,
    )
    log_in_window: int = Field(
        default=300, ge=1, description="seconds in which they count", json_schema_extra=RELOADABLE
    )

    def log_in_limit(self) -> LogInLimit:
        """How often somebody may guess."""
        return LogInLimit(self.log_in_failures, timedelta(seconds=self.log_in_window))

    def session_rules(self) -> SessionRules:
        """How long sessions and their refresh tokens last."""
        return SessionRules(
            refresh_lifetime=timedelta(seconds=self.refresh_token_lifetime),
            session_lifetime=timedelta(seconds=self.session_lifetime),
            grace=timedelta(seconds=self.refresh_grace),
        )


class ApiSettings(StorageSettings, TokenSettings, KeySettings, PasswordSettings, SessionSettings, HttpSettings):
    """The API's."""

    registration_open: bool = Field(
        default=True,
        description="whether anybody may register; if not, it is 403 `registration_closed`",
        json_schema_extra=RELOADABLE,
    )


class RotationSettings(StorageSettings, KeySettings):
    """Those of the command that makes the next key."""


class ClientSettings(BaseModel):
    """One OAuth 2.0 client. A secret is random, so that it can be long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, AfterValidator(_client_id)]
    secret: SecretStr = Field(min_length=24)
    scopes: frozenset[Annotated[str, AfterValidator(_scope)]] = Field(min_length=1)

    @property
    def credentials(self) -> ClientCredentials:
        """Its id and its secret."""
        return ClientCredentials(self.id, self.secret.get_secret_value())


class SetupSettings(StorageSettings, KeySettings, PasswordSettings):
    """The set-up's."""

    oauth_clients: tuple[ClientSettings, ...] = Field(default=(), description="a JSON array")
    admin_email: Address = Field(description="of the first administrator")
    admin_password: SecretStr = Field(description="of the first administrator; a present account keeps its own")
    demo_data: bool = Field(default=False, description="whether the demo accounts are made")


class DemoSettings(EnvironmentSettings):
    """The demo accounts, read when there is to be demo data."""

    manager_email: Address = Field(description="of the demo manager")
    manager_password: SecretStr = Field(description="of the demo manager")
    customer_email: Address = Field(description="of the demo customer")
    customer_password: SecretStr = Field(description="of the demo customer")
