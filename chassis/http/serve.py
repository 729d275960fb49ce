"""Serves an API on port 8000: `python -m chassis.http.serve apps.orders.bootstrap:api`.

Granian starts one worker process with blocking threads: more load means more containers, never more processes. The
parent process keeps the entry in Consul, and takes it away before it stops the worker.
"""

import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from flask import Flask, request
from granian.constants import Interfaces
from granian.server.mp import MPServer

from chassis.configuration.following import EXTENSION, Following
from chassis.configuration.live import Live
from chassis.discovery import Registration, Routes
from chassis.logs import log_dictconfig, stop_with
from chassis.memory import watch_memory
from chassis.settings import HttpSettings, ProcessSettings, load_settings
from chassis.telemetry import configure_telemetry

PORT = 8000
THREADS = 16
DRAIN_SECONDS = 4.0  # the gateway asks Consul every second, other services every two

SettingsT = TypeVar("SettingsT", bound=ProcessSettings)


@dataclass(frozen=True)
class ApiProcess(Generic[SettingsT]):
    """How to make an API: its name in Consul and in traces, its settings, its routes, and the function that builds it.

    The function runs in the process that serves, so that threads and connections are that process's own.
    """

    name: str
    settings: type[SettingsT]
    create: Callable[[SettingsT], Flask]
    routes: Routes | None = None


class _ApiServer(MPServer):
    """Granian, with the entry in Consul around it."""

    def __init__(self, registration: Registration, **options: Any) -> None:
        super().__init__(**options)
        self._registration = registration

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        self._registration.start()  # after the fork: a thread must not be forked

    def shutdown(self, exit_code: int = 0) -> None:
        self._registration.stop()
        if not self.interrupt_children:
            time.sleep(DRAIN_SECONDS)
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def main(target: str) -> None:
    """Checks the settings, then serves until a signal comes."""
    module, _, name = target.partition(":")
    process: ApiProcess[Any] = getattr(importlib.import_module(module), name)
    settings = load_settings(process.settings, process.name)

    def load_app(_target: str) -> Flask:
        watch_memory()
        configure_telemetry(process.name, settings)
        app = process.create(settings)
        follow_configuration(app, settings)
        return app

    server = _ApiServer(
        Registration.of_api(settings, process.name, PORT, process.routes),
        target=target,
        address="0.0.0.0",  # noqa: S104 - inside the container's network
        port=PORT,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        log_dictconfig=log_dictconfig(process.name, settings.log_level),
    )
    try:
        server.serve(target_loader=load_app)
    except OSError as error:
        stop_with(f"Port {PORT} cannot be opened ({error.strerror}): another process in this container holds it.")


def follow_configuration(app: Flask, settings: ProcessSettings) -> None:
    """In the serving process: the settings follow the configuration, and /health/ready tells the commit."""
    if EXTENSION not in app.extensions:  # the configuration service follows itself
        following = Following(settings)
        following.show_in(app)
        following.start()
    if isinstance(settings, HttpSettings):
        app.before_request(partial(_limit_body, settings.live))


def _limit_body(live: Live[Any]) -> None:
    request.max_content_length = live.current.max_body_bytes


if __name__ == "__main__":
    main(sys.argv[1])
