"""The settings of the orders service: what each of its processes reads from the environment."""

from pydantic import Field

from chassis.configuration.live import RELOADABLE
from chassis.settings import ClientSettings, HttpSettings, MongoSettings, ProcessSettings, TokenSettings


class StorageSettings(ProcessSettings, MongoSettings):
    """What every process of the service reads; the worker's own settings are beside its app."""


class RebuildSettings(StorageSettings, ClientSettings):
    """What the rebuilding of the catalogue reads."""


class ApiSettings(StorageSettings, TokenSettings, ClientSettings, HttpSettings):
    """The API's."""

    availability_timeout: float = Field(
        default=0.3, gt=0, description="seconds that inventory has for one answer", json_schema_extra=RELOADABLE
    )
    availability_budget: float = Field(
        default=0.5, gt=0, description="seconds for all attempts together", json_schema_extra=RELOADABLE
    )
    availability_reset: float = Field(
        default=5.0, gt=0, description="seconds until a broken circuit is tried again", json_schema_extra=RELOADABLE
    )
