"""The settings of the orders service: what each of its processes reads from the environment."""

from chassis.settings import MongoSettings, ProcessSettings, TokenSettings


class StorageSettings(ProcessSettings, MongoSettings):
    """What every process of the service reads; the worker's own settings are beside its app."""


class ApiSettings(StorageSettings, TokenSettings):
    """The API's."""
