"""The broker's users get their passwords from the environment, as hashes."""

import base64
import hashlib
from typing import Any

import pytest

from chassis.rabbitmq_setup import password_hash, with_passwords

USERS: list[dict[str, Any]] = [{"name": name, "password_hash": "", "tags": []} for name in ("shop", "stock")]
MADE: dict[str, Any] = {"users": USERS, "queues": []}


def test_password_hash_is_rabbitmqs() -> None:
    """base64(salt + SHA-256(salt + password)), as RabbitMQ's documentation computes it."""
    salt = bytes.fromhex("908dc60a")
    expected = base64.b64encode(salt + hashlib.sha256(salt + b"test12").digest()).decode()
    assert password_hash("test12", salt) == expected == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def test_every_user_gets_a_password() -> None:
    """The complete definitions hold a hash for each."""
    environment = {f"RABBITMQ_{each['name'].upper()}_PASSWORD": each["name"] for each in MADE["users"]}
    assert all(each["password_hash"] for each in with_passwords(MADE, environment)["users"])


def test_missing_password_is_named() -> None:
    """The error carries the variable's name."""
    environment = {f"RABBITMQ_{each['name'].upper()}_PASSWORD": "x" for each in MADE["users"] if each["name"] != "shop"}
    with pytest.raises(KeyError, match="RABBITMQ_SHOP_PASSWORD"):
        with_passwords(MADE, environment)
