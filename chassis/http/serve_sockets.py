"""Serves an API that holds WebSockets: `python -m gevent.monkey --module chassis.http.serve_sockets <target>`.

gunicorn starts one worker process with gevent: each request and each open socket is a greenlet, so thousands of idle
ones cost little. gevent's own runner makes the standard library cooperative before anything is imported. As with
Granian, the parent process keeps the entry in Consul, and takes it away before it stops the worker.
"""

import importlib
import sys
import time
from typing import Any

import gevent
from flask import Flask
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.ggevent import GeventWorker

from chassis.discovery import Registration
from chassis.http.serve import DRAIN_SECONDS, PORT, ApiProcess, follow_configuration
from chassis.http.sockets import STOPPING
from chassis.settings import load_settings
from chassis.telemetry import configure_telemetry

CONNECTIONS = 5_000
KEEP_ALIVE_SECONDS = 75  # longer than the gateway keeps an idle connection
GRACE_SECONDS = 8


class JsonLogger(glogging.Logger):  # type: ignore[misc] # gunicorn ships no types
    """gunicorn's messages by the root logger, as JSON; no access log, since the app writes a line for each request."""

    def setup(self, cfg: Any) -> None:
        """Without handlers of its own."""
        self.cfg = cfg
        self.error_log.propagate = True

    def access(self, *_: Any) -> None:
        """See the class."""


class SocketWorker(GeventWorker):  # type: ignore[misc] # as above
    """Tells the app when it is to stop, so that open sockets do not hold up the end."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        """On SIGTERM; not in the signal's handler, where nothing may block."""
        super().handle_exit(sig, frame)
        stop = self.wsgi.extensions.get(STOPPING)
        if stop is not None:
            gevent.spawn(stop)


class _Server(Arbiter):  # type: ignore[misc] # as above
    """gunicorn's parent process, with the entry in Consul around it."""

    def __init__(self, app: BaseApplication, registration: Registration) -> None:
        super().__init__(app)
        self._registration: Registration | None = registration
        self._registered = False

    def manage_workers(self) -> None:
        super().manage_workers()
        if not self._registered and self._registration is not None:
            self._registered = True
            self._registration.start()  # after the fork: a thread must not be forked

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002 - gunicorn's own
        registration, self._registration = self._registration, None
        if registration is not None and self._registered:
            registration.stop()
            if graceful:
                time.sleep(DRAIN_SECONDS)
        super().stop(graceful)


class _Application(BaseApplication):  # type: ignore[misc] # as above
    """What gunicorn serves, and how."""

    def __init__(self, process: ApiProcess[Any], settings: Any, port: int) -> None:
        self._port = port
        self._process = process
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """One worker, and no door but the port."""
        options = {
            "bind": f"0.0.0.0:{self._port}",
            "worker_class": SocketWorker,
            "workers": 1,
            "worker_connections": CONNECTIONS,
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": GRACE_SECONDS,
            "logger_class": JsonLogger,
            "control_socket_disable": True,
            "proc_name": self._process.name,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """In the worker, so that threads and connections are that process's own."""
        configure_telemetry(self._process.name, self._settings)
        app = self._process.create(self._settings)
        follow_configuration(app, self._settings)
        return app

    def run(self) -> None:
        """Until a signal comes."""
        registration = Registration.of_api(self._settings, self._process.name, self._port, self._process.routes)
        _Server(self, registration).run()


def main(target: str, port: int = PORT) -> None:
    """Checks the settings, then serves until a signal comes. Another port is for where containers are not."""
    module, _, name = target.partition(":")
    process: ApiProcess[Any] = getattr(importlib.import_module(module), name)
    _Application(process, load_settings(process.settings, process.name), port).run()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
