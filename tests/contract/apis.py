"""The APIs in this process over the fakes of the unit tests, and callers with the tokens to use them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from apps.inventory.api.app import create_app as create_inventory
from apps.inventory.api.parts import ApiParts as InventoryParts
from apps.notifications.api.app import create_app as create_notifications
from apps.notifications.api.parts import ApiParts as NotificationsParts
from apps.notifications.api.sockets import message
from apps.notifications.feed import Feed
from apps.orders.api.app import create_app as create_orders
from apps.orders.api.parts import ApiParts as OrdersParts
from apps.orders.domain.order import Status
from apps.users.api.app import create_app as create_users
from apps.users.api.parts import ApiParts as UsersParts
from apps.users.domain.accounts import Account, Role
from apps.users.passwords import Passwords
from apps.users.service.keys import published_keys
from apps.users.service.passwords import PasswordGuard
from apps.users.service.sessions import SessionKeeper
from apps.users.signing import KeyCipher
from apps.users.tokens import TokenIssuer
from chassis.http.keys import CachedKeys
from chassis.settings import TokenSettings
from chassis.times import utc_now
from config.api.access import Access
from config.api.app import create_app as create_config
from config.api.parts import ApiParts as ConfigParts
from config.changes import Changes
from config.cipher import Cipher
from config.models import Models
from config.service import Configuration
from tests.unit.config.repositories import repository_of
from tests.unit.inventory.fakes import Store
from tests.unit.notifications.fakes import Store as NotificationsStore
from tests.unit.orders.fakes import FakeAvailability, FakeCatalogue, FakeOrders
from tests.unit.orders.samples import CUSTOMER, order, product
from tests.unit.users.fakes import CHEAP, LIMIT, RULES, SECRET, Database, FakeUnitOfWork

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SETTINGS = TokenSettings()
_CONFIRMED = order(Status.CONFIRMED, 1, 1)

OWNER = CUSTOMER
"""Whose the orders are; an account with this address and this password."""
ADDRESS, PASSWORD = "ada@example.com", "correct horse battery"

_PASSWORDS = Passwords(CHEAP)


class OneKey:
    """Knows the tests' key."""

    def find(self, kid: str) -> Any | None:
        return _KEY.public_key() if kid == "test" else None


KEYS = OneKey()


def bearer(*roles: str, user: UUID | None = None) -> Mapping[str, str]:
    """The headers of a caller with these roles, who has no account and, unless it is the `OWNER`, no order."""
    now = utc_now()
    claims = {
        "sub": str(user or uuid4()), "roles": roles, "iss": SETTINGS.token_issuer, "aud": SETTINGS.token_audience,
        "iat": now, "exp": now + timedelta(hours=1), "jti": str(uuid4()), "type": "access",
    }  # fmt: skip
    return {"Authorization": f"Bearer {jwt.encode(claims, _KEY, 'RS256', {'kid': 'test'})}"}


def users_parts(database: Database, settings: TokenSettings) -> UsersParts:
    """The users API's over the database, with a key of its own that signs."""
    cipher = KeyCipher([SECRET])
    database.keys.append(cipher.new_key(utc_now))

    def transaction() -> FakeUnitOfWork:
        return FakeUnitOfWork(database)

    issuer = TokenIssuer(cipher, settings.token_issuer, settings.token_audience, lambda: timedelta(minutes=10))
    return UsersParts(
        transaction,
        PasswordGuard(_PASSWORDS, lambda: LIMIT),
        SessionKeeper(issuer, lambda: RULES),
        CachedKeys(lambda: published_keys(transaction())),
        settings,
        lambda: True,
    )


def users() -> Flask:
    """One account, an admin's."""
    database = Database()
    database.accounts[OWNER] = Account(
        OWNER, ADDRESS, "Ada", frozenset({Role.ADMIN}), _PASSWORDS.hash(PASSWORD), utc_now()
    )
    return create_users(replace(users_parts(database, SETTINGS), keys=KEYS))


def inventory() -> Flask:
    """There are some teas."""
    return create_inventory(InventoryParts(Store(TEA=5), KEYS, SETTINGS))


def orders() -> Flask:
    """The owner has one order, which is confirmed."""
    stored, catalogue = FakeOrders(_CONFIRMED), FakeCatalogue(product("TEA"))
    return create_orders(OrdersParts(stored, catalogue, FakeAvailability(), KEYS, SETTINGS))


def config() -> Flask:
    """One shared setting."""
    repository, cipher = repository_of({"application.yml": "a: 1\n"}), Cipher([Fernet.generate_key().decode()])
    configuration, changes = Configuration(repository, cipher, "main"), Changes(repository, Models({}, cipher), "main")
    return create_config(ConfigParts(configuration, Access({}), changes, KEYS, SETTINGS))


def notifications() -> Flask:
    """Nobody was told anything."""
    store = NotificationsStore()
    return create_notifications(NotificationsParts(store, Feed(store, message, lambda: 1), KEYS, SETTINGS))


APIS = {"config": config, "users": users, "inventory": inventory, "notifications": notifications, "orders": orders}

KNOWN: Mapping[str, Mapping[str, str]] = {
    "config": {"application": "application", "profile": "default", "label": "main"},
    "inventory": {"sku": "TEA"},
    "notifications": {},
    "orders": {"sku": "TEA", "order_id": str(_CONFIRMED.id)},
    "users": {
        "user_id": str(OWNER),
        "email": ADDRESS,
        "username": ADDRESS,
        "password": PASSWORD,
        "current_password": PASSWORD,
    },
}
"""What an API knows from the beginning, by the names in paths and bodies."""
