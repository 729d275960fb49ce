"""Gives RabbitMQ its definitions: the generated topology, with the users' passwords hashed from the environment.

Run as a one-off job before the broker starts: `python -m chassis.rabbitmq_setup TEMPLATE TARGET`.
"""

import base64
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chassis.logs import configure_logs, get_logger, stop_with

log = get_logger()


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's salted SHA-256 (`rabbit_password_hashing_sha256`): base64 of salt and digest; the salt is 4 bytes."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def with_passwords(definitions: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The definitions with every user's hash, of RABBITMQ_<USER>_PASSWORD. Raises KeyError with a missing name."""
    users = [
        {
            **user,
            "password_hash": password_hash(environment[_variable(user["name"])], secrets.token_bytes(4)),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
        }
        for user in definitions["users"]
    ]
    return {**definitions, "users": users}


def _variable(user: str) -> str:
    return f"RABBITMQ_{user.upper()}_PASSWORD"


def main(template: str, target: str) -> None:
    """Reads the template, writes the target in one step."""
    configure_logs("rabbitmq-setup")
    try:
        complete = with_passwords(json.loads(Path(template).read_text()), os.environ)
    except KeyError as error:
        stop_with(f"The setting {error.args[0]} is missing: give the broker user's password in the environment.")
    draft = Path(f"{target}.new")
    draft.write_text(json.dumps(complete))
    draft.chmod(0o644)  # the broker runs as another user of the same volume; the file holds hashes only
    draft.replace(target)
    log.info("definitions_written", users=len(complete["users"]), queues=len(complete["queues"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
