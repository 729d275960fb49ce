"""Where the parts of the orders service are put together, for its API, its worker and its set-up."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from flask import Flask

from apps.orders.api.app import create_app
from apps.orders.api.parts import ApiParts
from apps.orders.availability import SCOPE, InventoryAvailability
from apps.orders.migrations import migrate
from apps.orders.repositories import Catalogue, Orders
from apps.orders.service import Contended
from apps.orders.settings import ApiSettings, StorageSettings
from apps.orders.storage import MongoCatalogue, MongoOrders, outbox_of
from chassis.discovery import Resolver, Routes
from chassis.health import Health
from chassis.http.breaker import Breaker
from chassis.http.client import ServiceClient
from chassis.http.keys import keys_of_users_service
from chassis.http.serve import ApiProcess
from chassis.http.service_tokens import ServiceTokens, tokens_of_users_service
from chassis.storage.mongo import TRANSIENT, check_mongo, create_mongo_client
from chassis.storage.outbox import Outbox

SettingsT = TypeVar("SettingsT", bound=StorageSettings)


@dataclass(frozen=True)
class Parts(Generic[SettingsT]):
    """What every process of the service has."""

    settings: SettingsT
    orders: Orders
    catalogue: Catalogue
    outbox: Outbox
    migrate: Callable[[], list[int]]
    health: Health
    transient_errors: tuple[type[Exception], ...] = (*TRANSIENT, Contended)


def parts(settings: SettingsT) -> Parts[SettingsT]:
    """Everything over the service's own database, which is reached, or the process ends with a sentence."""
    client = create_mongo_client(settings, startup_timeout=settings.startup_timeout)
    database = client.get_default_database()
    health = Health()
    health.add("mongo", lambda: check_mongo(client))
    return Parts(
        settings=settings,
        orders=MongoOrders(database),
        catalogue=MongoCatalogue(database),
        outbox=outbox_of(database),
        migrate=partial(migrate, database),
        health=health,
    )


def create_api(settings: ApiSettings) -> Flask:
    """The API, in the process that serves it."""
    mine = parts(settings)
    live = settings.live
    breaker = Breaker("inventory-api", reset_seconds=lambda: live.current.availability_reset)
    # A silent Consul must not use up the time that inventory has.
    resolver = Resolver(settings, call_seconds=lambda: live.current.availability_timeout)
    users = ServiceClient("users-api", Resolver(settings))
    tokens = tokens_of_users_service(users, settings, SCOPE)
    mine.health.add("inventory", lambda: breaker.problem, required=False)
    mine.health.add("service_token", tokens.check, required=False)
    return create_app(
        ApiParts(
            orders=mine.orders,
            catalogue=mine.catalogue,
            availability=availability_of(settings, resolver, breaker, tokens),
            keys=keys_of_users_service(users),
            token_settings=settings,
            health=mine.health,
            outages=mine.transient_errors,
        )
    )


def availability_of(
    settings: ApiSettings, resolver: Resolver, breaker: Breaker, tokens: ServiceTokens
) -> InventoryAvailability:
    """The availability check with its limits."""
    live = settings.live
    client = ServiceClient(
        "inventory-api",
        resolver,
        timeout=lambda: live.current.availability_timeout,
        budget=lambda: live.current.availability_budget,
        breaker=breaker,
    )
    return InventoryAvailability(client, tokens)


api = ApiProcess(
    name="orders-api",
    settings=ApiSettings,
    create=create_api,
    routes=Routes(
        signed_in="Path(`/api/v1/orders`) || PathPrefix(`/api/v1/orders/`)",
        public="Path(`/api/v1/orders/openapi.json`)",
    ),
)
