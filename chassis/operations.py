"""The internal port of a worker: /metrics, /health/live and /health/ready on 9100."""

import threading

from flask import Flask
from prometheus_client import make_wsgi_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

from chassis.configuration.following import Following
from chassis.health import Health
from chassis.http.health import health_blueprint
from chassis.logs import stop_with
from chassis.memory import watch_memory

OPERATIONS_PORT = 9100


class _SilentHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Probes and scrapes come every few seconds and are worth no line."""


class OperationsServer:
    """A small HTTP server in a thread: what it serves must answer even when the worker's pool is busy."""

    def __init__(self, health: Health, port: int, configuration: Following | None = None) -> None:
        watch_memory()
        app = Flask("operations")
        app.register_blueprint(health_blueprint(health))
        if configuration is not None:
            configuration.show_in(app)
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/metrics": make_wsgi_app()})  # type: ignore[method-assign]
        self._app = app
        self._port = port

    def start(self) -> None:
        """Binds the port and serves in the background."""
        try:
            self._server = make_server(
                "0.0.0.0",  # noqa: S104 - inside the container's network
                self._port,
                self._app,
                threaded=True,
                request_handler=_SilentHandler,
            )
        except (OSError, SystemExit) as error:  # Werkzeug exits by itself when the port is taken
            stop_with(f"OPERATIONS_PORT {self._port} cannot be opened ({error}): another process holds it.")
        threading.Thread(target=self._server.serve_forever, name="operations", daemon=True).start()

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
