"""What a customer has been told: the entries of the inbox, and the mails."""

from collections.abc import Callable
from typing import Any

import requests

from tests.e2e.client import Client

INBOX = "/api/v1/notifications"
Port = Callable[[str], str]


def inbox(client: Client, query: str = "?page_size=100") -> list[dict[str, Any]]:
    """What is in it now."""
    answer = client.call("GET", INBOX + query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def mails_to(port: Port, address: str) -> list[dict[str, Any]]:
    """What Mailpit has for the address, newest first."""
    query = {"query": f"to:{address}", "limit": "500"}
    found = requests.get(f"{port('MAILPIT')}/api/v1/search", params=query, timeout=10).json()
    return [
        requests.get(f"{port('MAILPIT')}/api/v1/message/{each['ID']}", timeout=10).json() for each in found["messages"]
    ]


def address_of(client: Client) -> str:
    """The address that its account has."""
    return str(client.call("GET", "/api/v1/users/me").json()["email"])
