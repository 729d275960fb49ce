"""The event catalogue: what each service publishes and hears, read from the code of all of them.

It stands above the services: it imports each, and none imports it.
"""

import importlib
import importlib.util
import inspect

from pydantic import BaseModel

from chassis.broadcast import LiveInterests
from chassis.configuration.following import configuration_interests
from chassis.messaging.subscriptions import Subscriptions

SERVICES = ("config", "inventory", "notifications", "orders", "users")


# What has settings too, but neither events nor data.
OTHER_PROCESSES = ("forwardauth", "scheduler")


def package_of(service: str) -> str:
    """The Python package of a service. The configuration service stands beside the applications that it serves."""
    return "config" if service == "config" else f"apps.{service}"


def published(service: str) -> list[type[BaseModel]]:
    """The service's event models of `domain/events.py`, by name."""
    module = importlib.import_module(f"{package_of(service)}.domain.events")
    return [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, BaseModel) and hasattr(member, "schema_version") and not member.__subclasses__()
    ]


def subscriptions() -> list[Subscriptions]:
    """What every service listens to; a service that listens to nothing is missing."""
    found = []
    for service in SERVICES:
        if service == "config":  # it has no worker
            continue
        name = f"workers.{service}.events"
        if importlib.util.find_spec(name) is not None:
            found.append(importlib.import_module(name).subscriptions)
    return found


def live_interests() -> list[LiveInterests]:
    """What processes hear live: `LIVE` of a service's `live.py`, where there is one, and changes of settings."""
    names = [f"{package_of(service)}.live" for service in SERVICES]
    modules = [importlib.import_module(name) for name in names if importlib.util.find_spec(name) is not None]
    processes = [*(service for service in SERVICES if service != "config"), *OTHER_PROCESSES]
    return [*(module.LIVE for module in modules), *map(configuration_interests, processes)]
