"""Where the parts of inventory are put together, for its API, its worker and its set-up."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from flask import Flask

from apps.inventory import migrations
from apps.inventory.api.app import create_app
from apps.inventory.api.parts import ApiParts
from apps.inventory.repositories import UnitOfWorkFactory
from apps.inventory.settings import ApiSettings, StorageSettings
from apps.inventory.storage import UnitOfWork
from chassis.discovery import Resolver, Routes
from chassis.health import Health
from chassis.http.client import ServiceClient
from chassis.http.keys import keys_of_users_service
from chassis.http.serve import ApiProcess
from chassis.storage.migrations import migrate
from chassis.storage.postgres import TRANSIENT, check_postgres, create_postgres_engine
from chassis.storage.postgres_outbox import PostgresOutbox

SERVICE = "inventory"

SettingsT = TypeVar("SettingsT", bound=StorageSettings)


@dataclass(frozen=True)
class Inventory(Generic[SettingsT]):
    """What every process of the service has."""

    settings: SettingsT
    outbox: PostgresOutbox
    unit_of_work: UnitOfWorkFactory
    migrate: Callable[[], None]
    health: Health
    transient_errors: tuple[type[Exception], ...] = TRANSIENT


def parts(settings: SettingsT) -> Inventory[SettingsT]:
    """Everything over the service's own database, which is reached, or the process ends with a sentence."""
    engine = create_postgres_engine(settings, startup_timeout=settings.startup_timeout)
    health = Health()
    health.add("postgres", lambda: check_postgres(engine))
    return Inventory(
        settings=settings,
        outbox=PostgresOutbox(engine),
        unit_of_work=partial(UnitOfWork, engine, SERVICE),
        migrate=partial(migrate, engine, Path(migrations.__file__).parent),
        health=health,
    )


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
