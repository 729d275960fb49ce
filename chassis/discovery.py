"""Discovery by Consul: a process registers itself while it serves, and finds the healthy instances of others.

A keeper thread repeats the registration when Consul has lost it; on SIGTERM the entry goes at once; a dead process
is dropped by its failing check.
"""

import itertools
import random
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import consul
from requests import RequestException

from chassis.logs import get_logger, stop_with
from chassis.settings import ProcessSettings
from chassis.times import Seconds, seconds_now

log = get_logger()

CHECK_INTERVAL = "2s"
CHECK_TIMEOUT = "2s"
DROP_AFTER = "1m"
KEEP_SECONDS = 5.0
CACHE_SECONDS = 2.0
CALL_SECONDS = 2.0

_FAILURES = (consul.ConsulException, RequestException, OSError)


class NoInstance(Exception):
    """No instance of the service is known."""


def _client(settings: ProcessSettings) -> consul.Consul:
    address, token = settings.consul_http_addr, settings.consul_http_token
    if token is None:
        stop_with("The setting CONSUL_HTTP_TOKEN is missing: give the service its own token, with which it registers.")
    client = consul.Consul(host=address.host, port=address.port, scheme=address.scheme, token=token.get_secret_value())
    client.http.connections_timeout = CALL_SECONDS
    return client


def own_address(settings: ProcessSettings) -> str:
    """The address under which others reach this container: the one from which it reaches Consul. Sends nothing."""
    host = urlsplit(str(settings.consul_http_addr)).hostname or "localhost"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 8500))
        except OSError:
            return socket.gethostbyname(socket.gethostname())
        return str(probe.getsockname()[0])


@dataclass(frozen=True)
class Routes:
    """What of an API the gateway hands on: Traefik rules for what anybody may ask, for the signed-in, and for sign-ins.

    The gateway limits sign-ins per address, since each is a guess at a password and costs a hash.
    """

    public: str
    signed_in: str | None = None
    sign_in: str | None = None

    def tags(self, name: str) -> list[str]:
        """The routes as Traefik reads them from Consul. The more special rules go first.

        They lead to the service of that name in gateway/traefik/dynamic/services.yml.
        """
        rules = [
            (f"{name}-sign-in", self.sign_in, "sign-in@file", 30),
            (f"{name}-public", self.public, "anonymous@file", 20),
            (name, self.signed_in, "signed-in@file", 10),
        ]
        # Traefik's own check is quicker than Consul's, but when routes change it goes on for the new ones alone. What
        # is under way then heeds what it meets itself; else an instance that hangs would be asked again and again.
        service = f"traefik.http.services.{name}.loadbalancer"
        checked = [
            *(f"{service}.healthcheck.{option}" for option in ("path=/health/live", "interval=1s", "timeout=2s")),
            *(f"{service}.passivehealthcheck.{option}" for option in ("maxfailedattempts=2", "failurewindow=20s")),
        ]
        return ["traefik.enable=true", *checked] + [
            f"traefik.http.routers.{router}.{option}"
            for router, rule, middleware, priority in rules
            if rule is not None
            for option in (
                f"rule={rule}", "entrypoints=web", f"middlewares={middleware}", f"priority={priority}",
                f"service={name}@file",
            )
        ]  # fmt: skip


class Registration:
    """Keeps one entry in Consul for as long as the process serves."""

    def __init__(self, settings: ProcessSettings, name: str, port: int, tags: Sequence[str]) -> None:
        self._client = _client(settings)
        self._settings = settings
        self._name = name
        self._id = f"{name}-{socket.gethostname()}"
        self._port = port
        self._tags = ["metrics", *tags]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="registration", daemon=True)

    @classmethod
    def of_api(cls, settings: ProcessSettings, name: str, port: int, routes: Routes | None = None) -> "Registration":
        """An API: found by its clients, and by the gateway when it has routes."""
        return cls(settings, name, port, routes.tags(name) if routes else ())

    @classmethod
    def of_worker(cls, settings: ProcessSettings, name: str, port: int) -> "Registration":
        """A worker: found by Prometheus, routed to by nobody."""
        return cls(settings, name, port, ())

    def start(self) -> None:
        """Registers in the background, and again whenever Consul has forgotten."""
        self._thread.start()

    def stop(self) -> None:
        """Leaves at once, so that no more requests come."""
        self._stopping.set()
        self._thread.join(CALL_SECONDS)
        try:
            self._client.agent.service.deregister(self._id)
        except _FAILURES as error:
            log.warning("deregistration_failed", reason=str(error))

    def _keep(self) -> None:
        failing = False
        first = True  # an entry of this container's life before a restart may hold an old address
        while not self._stopping.is_set():
            try:
                if first or self._id not in self._client.agent.services():
                    self._register()
                first = failing = False
            except _FAILURES as error:
                if not failing:
                    log.warning("registration_failed", reason=str(error))
                failing = True
            self._stopping.wait(KEEP_SECONDS if not failing else 1.0)

    def _register(self) -> None:
        address = own_address(self._settings)
        # Whose address this was may be gone without a word, and the next to have it would pass for it.
        url = f"http://{address}:{self._port}/health/live?host={socket.gethostname()}"
        self._client.agent.service.register(
            self._name,
            service_id=self._id,
            address=address,
            port=self._port,
            tags=self._tags,
            check=consul.Check.http(url, CHECK_INTERVAL, timeout=CHECK_TIMEOUT, deregister=DROP_AFTER),
        )
        log.info("registered", instance=self._id, address=address, port=self._port)


@dataclass
class _Known:
    urls: list[str] = field(default_factory=list)
    at: float = float("-inf")
    turn: "itertools.count[int]" = field(default_factory=lambda: itertools.count(random.randrange(1000)))  # noqa: S311 - spreads load

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self.at > CACHE_SECONDS


class Resolver:
    """Finds healthy instances, in turn. Keeps each list for two seconds, and the last known while Consul is away."""

    def __init__(self, settings: ProcessSettings, *, call_seconds: Seconds = CALL_SECONDS) -> None:
        self._client = _client(settings)
        self._call_seconds = call_seconds
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def url(self, service: str) -> str:
        """The base URL of the next healthy instance. Raises `NoInstance` when there is none."""
        known = self._known.setdefault(service, _Known())
        if known.is_old and self._lock.acquire(blocking=not known.urls):
            try:
                if known.is_old:  # nobody else has refreshed it while this one waited
                    self._refresh(service, known)
            finally:
                self._lock.release()
        if not known.urls:
            raise NoInstance(f"no healthy instance of {service} is known")
        return known.urls[next(known.turn) % len(known.urls)]

    def _refresh(self, service: str, known: _Known) -> None:
        self._client.http.connections_timeout = seconds_now(self._call_seconds)
        try:
            _, nodes = self._client.health.service(service, passing=True)
        except _FAILURES as error:
            log.warning("discovery_unavailable", wanted=service, reason=type(error).__name__)
        else:
            known.urls = [f"http://{node['Service']['Address']}:{node['Service']['Port']}" for node in nodes]
        known.at = time.monotonic()
