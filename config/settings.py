"""The settings of the configuration service. They come from the environment, since nobody can be asked for them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cryptography.fernet import Fernet
from pydantic import AfterValidator, AmqpDsn, Field, SecretStr

from chassis.settings import HttpSettings, ProcessSettings, TokenSettings

OPERATOR = "operator"

_PASSWORD = re.compile(r"CONFIG_([A-Z0-9_]+)_PASSWORD")


def _fernet_keys(secret: SecretStr) -> SecretStr:
    try:
        for key in secret.get_secret_value().split(","):
            Fernet(key.strip())
    except ValueError:
        raise ValueError("it must be one or more keys of 32 random bytes in URL-safe base64, with commas") from None
    return secret


class ConfigSettings(ProcessSettings, TokenSettings, HttpSettings):
    """Everything that the service reads; `client_passwords` gives the log-ins beside it."""

    config_encryption_keys: Annotated[SecretStr, AfterValidator(_fernet_keys)] = Field(
        description="keys of the secrets in the repository, separated by commas: the first encrypts, all decrypt"
    )
    repository_path: Path = Field(default=Path("/repository/config.git"), description="the bare git repository")
    repository_seed: Path = Field(
        default=Path("config/repository"), description="the files that a new repository begins with"
    )
    repository_branch: str = Field(
        default="main", pattern=r"^[A-Za-z0-9_-]+$", description="the branch that is served when no label is asked for"
    )
    repository_url: SecretStr | None = Field(
        default=None, description="a remote repository to follow; it may hold credentials. Changes are then made there"
    )
    repository_fetch_seconds: float = Field(default=60.0, ge=1, description="how often the remote repository is asked")
    broker_url: AmqpDsn | None = Field(
        default=None, description="where changes are announced; without it clients find out by asking"
    )

    def encryption_keys(self) -> list[str]:
        """The keys, the one that encrypts first."""
        return [key.strip() for key in self.config_encryption_keys.get_secret_value().split(",")]


def client_passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """The log-ins: CONFIG_ORDERS_PASSWORD is the password of `orders`, and so on."""
    found = ((_PASSWORD.fullmatch(name), value) for name, value in environment.items())
    return {match[1].lower().replace("_", "-"): value for match, value in found if match and value}
