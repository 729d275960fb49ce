"""A server of one API for bench_telemetry: python -m tests.load.traced_api API PORT STORE_URL [OTLP_ENDPOINT].

It signs an access token for whoever measures it and prints that first.
"""

import sys
import time
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from granian.constants import Interfaces
from granian.server.mp import MPServer
from pydantic import HttpUrl, SecretStr

from apps.inventory import migrations as inventory_migrations
from apps.inventory.api.app import create_app as create_inventory
from apps.inventory.api.parts import ApiParts as InventoryParts
from apps.inventory.demo import CATALOGUE
from apps.inventory.service import create_product
from apps.inventory.storage import UnitOfWork
from apps.orders.api.app import create_app as create_orders
from apps.orders.api.parts import ApiParts as OrdersParts
from apps.orders.domain.lines import Product
from apps.orders.domain.money import Money
from apps.orders.migrations import migrate as migrate_orders
from apps.orders.storage import MongoCatalogue, MongoOrders
from chassis.identifiers import new_id
from chassis.logs import configure_logs
from chassis.settings import MongoSettings, PostgresSettings, ProcessSettings, TokenSettings
from chassis.storage.migrations import migrate
from chassis.storage.mongo import create_mongo_client
from chassis.storage.postgres import create_postgres_engine
from chassis.telemetry import configure_telemetry

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOKENS = TokenSettings()


class OwnKey:
    """A source of keys that has one."""

    def find(self, _kid: str) -> Any:
        """See KeySource."""
        return KEY.public_key()


class NoAnswer:
    """Inventory says nothing, so every order is accepted: what is measured is orders alone."""

    def of(self, _skus: Collection[str]) -> Mapping[str, int] | None:
        """See Availability."""
        return None


def token() -> str:
    """A customer's access token for an hour."""
    now = int(time.time())
    claims = {
        "iss": TOKENS.token_issuer, "aud": TOKENS.token_audience, "sub": str(new_id()), "roles": ["customer"],
        "scope": "api", "iat": now, "nbf": now, "exp": now + 3600, "jti": str(new_id()), "sid": str(new_id()),
        "type": "access", "fresh": False,
    }  # fmt: skip
    return jwt.encode(claims, KEY, "RS256", {"kid": "bench"})


def inventory(url: str) -> Flask:
    """Inventory's API over the demo catalogue."""
    engine = create_postgres_engine(PostgresSettings(database_url=SecretStr(url)), startup_timeout=30)
    migrate(engine, Path(inventory_migrations.__file__).parent)
    unit_of_work = partial(UnitOfWork, engine, "inventory")
    with unit_of_work() as uow:
        if not uow.products.find("MUG-BLUE"):
            for each in CATALOGUE:
                create_product(uow, each.product, each.stock)
        uow.commit()
    return create_inventory(InventoryParts(unit_of_work=unit_of_work, keys=OwnKey(), token_settings=TOKENS))


def orders(url: str) -> Flask:
    """Orders' API with one product in its catalogue."""
    database = create_mongo_client(MongoSettings(mongo_url=SecretStr(url)), startup_timeout=30).get_default_database()
    migrate_orders(database)
    catalogue = MongoCatalogue(database)
    catalogue.keep(Product("MUG-BLUE", "Blue mug", Money(Decimal("12.50"), "EUR"), active=True), 1)
    parts = OrdersParts(
        orders=MongoOrders(database),
        catalogue=catalogue,
        availability=NoAnswer(),
        keys=OwnKey(),
        token_settings=TOKENS,
    )
    return create_orders(parts)


APIS: dict[str, Callable[[str], Flask]] = {"inventory": inventory, "orders": orders}


def main(api: str, port: str, store_url: str, endpoint: str = "") -> None:
    """Serves as in the containers: Granian, one worker, blocking threads, a log line for each request."""
    sys.stdout.write(f"{token()}\n")
    sys.stdout.flush()

    def load(_target: str) -> Flask:
        configure_logs(f"{api}-api")
        where = HttpUrl(endpoint) if endpoint else None
        configure_telemetry(f"{api}-api", ProcessSettings(otel_exporter_otlp_endpoint=where, trace_sample_ratio=1.0))
        return APIS[api](store_url)

    options: dict[str, Any] = {"address": "127.0.0.1", "port": int(port), "workers": 1, "blocking_threads": 16}
    MPServer(target=api, interface=Interfaces.WSGI, log_enabled=False, **options).serve(target_loader=load)


if __name__ == "__main__":
    main(*sys.argv[1:])
