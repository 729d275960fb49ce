"""Where the parts of inventory are put together, for its API, its worker and its set-up."""

from typing import TypeVar

from flask import Flask

from apps.inventory import migrations
from apps.inventory.api.app import create_app
from apps.inventory.api.parts import ApiParts
from apps.inventory.settings import ApiSettings, StorageSettings
from apps.inventory.storage import UnitOfWork
from chassis.discovery import Resolver, Routes
from chassis.http.client import ServiceClient
from chassis.http.keys import keys_of_users_service
from chassis.http.serve import ApiProcess
from chassis.storage.postgres_process import PostgresProcess, open_postgres

SERVICE = "inventory"

SettingsT = TypeVar("SettingsT", bound=StorageSettings)
Inventory = PostgresProcess[SettingsT, UnitOfWork]
"""What every process of the service has."""


def parts(settings: SettingsT) -> Inventory[SettingsT]:
    """Everything over the service's own database, which is reached, or the process ends with a sentence."""
    return open_postgres(settings, SERVICE, UnitOfWork, migrations)


def create_api(settings: ApiSettings) -> Flask:
    """The API, in the process that serves it."""
    inventory = parts(settings)
    return create_app(
        ApiParts(
            unit_of_work=inventory.unit_of_work,
            keys=keys_of_users_service(ServiceClient("users-api", Resolver(settings))),
            token_settings=settings,
            health=inventory.health,
            outages=inventory.transient_errors,
        )
    )


# A product's own path is public for reading; its stock, one segment deeper, is not.
_PUBLIC = (
    "((Method(`GET`) || Method(`HEAD`)) && (Path(`/api/v1/products`) || PathRegexp(`^/api/v1/products/[^/]+$`)))"
    " || Path(`/api/v1/inventory/openapi.json`)"
)
_SIGNED_IN = "Path(`/api/v1/products`) || PathPrefix(`/api/v1/products/`) || PathPrefix(`/api/v1/reservations/`)"

api = ApiProcess(
    name="inventory-api", settings=ApiSettings, create=create_api, routes=Routes(signed_in=_SIGNED_IN, public=_PUBLIC)
)
