"""The client-side balancer, and the routes that an API registers."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr

from chassis import discovery
from chassis.discovery import CACHE_SECONDS, NoInstance, Resolver, Routes
from chassis.settings import ProcessSettings

CONSUL = "http://consul:8500/v1/health/service/things-api"


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def pass_by(self) -> None:
        """Until the lists are old."""
        self.now += CACHE_SECONDS + 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the lists."""
    clock = Clock()
    monkeypatch.setattr(discovery, "time", clock)
    return clock


@pytest.fixture
def consul() -> Iterator[responses.RequestsMock]:
    """Consul's answers."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def resolver() -> Resolver:
    """The resolver under test."""
    return Resolver(ProcessSettings(consul_http_token=SecretStr("token")))


def answer(consul: responses.RequestsMock, *addresses: str) -> None:
    nodes = [{"Service": {"Address": address, "Port": 8000}} for address in addresses]
    consul.upsert(responses.GET, CONSUL, json=nodes, headers={"X-Consul-Index": "1"})


def asked(resolver: Resolver, times: int) -> list[str]:
    return [resolver.url("things-api") for _ in range(times)]


def test_in_turn(consul: responses.RequestsMock, resolver: Resolver) -> None:
    """Each instance gets every third call, and Consul is asked once."""
    answer(consul, "a", "b", "c")
    urls = asked(resolver, 9)
    assert urls[:3] == urls[3:6] == urls[6:]
    assert set(urls) == {"http://a:8000", "http://b:8000", "http://c:8000"}
    assert len(consul.calls) == 1
    assert consul.calls[0].request.headers["X-Consul-Token"] == "token"


def test_only_healthy_ones(consul: responses.RequestsMock, resolver: Resolver) -> None:
    """Consul is asked for those whose checks pass."""
    answer(consul, "a")
    asked(resolver, 1)
    assert "passing=1" in str(consul.calls[0].request.url)


def test_changes_are_seen(consul: responses.RequestsMock, resolver: Resolver, clock: Clock) -> None:
    """A moment later the list is another one."""
    answer(consul, "a")
    asked(resolver, 1)
    answer(consul, "b")
    assert asked(resolver, 1) == ["http://a:8000"]
    clock.pass_by()
    assert asked(resolver, 1) == ["http://b:8000"]


def test_patience_with_consul_may_change(consul: responses.RequestsMock, clock: Clock) -> None:
    """Each question is asked with the time-out of its moment."""
    patience = iter([0.5, 0.25])
    resolver = Resolver(ProcessSettings(consul_http_token=SecretStr("token")), call_seconds=lambda: next(patience))
    answer(consul, "a")
    asked(resolver, 1)
    clock.pass_by()
    asked(resolver, 1)
    sent = [call.request.req_kwargs for call in consul.calls]  # type: ignore[attr-defined] # set by responses
    assert [each["timeout"] for each in sent] == [0.5, 0.25]


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 403}, {"body": requests.ConnectionError()}])
def test_last_known_ones(
    consul: responses.RequestsMock, resolver: Resolver, clock: Clock, fault: dict[str, Any]
) -> None:
    """While Consul is away the known instances go on, and it is not asked at each call."""
    answer(consul, "a")
    asked(resolver, 1)
    clock.pass_by()
    consul.upsert(responses.GET, CONSUL, **fault)
    assert asked(resolver, 20) == ["http://a:8000"] * 20
    assert len(consul.calls) == 2


def test_nobody(consul: responses.RequestsMock, resolver: Resolver) -> None:
    """Without an instance there is no address."""
    answer(consul)
    with pytest.raises(NoInstance):
        asked(resolver, 1)


def test_last_one_leaves(consul: responses.RequestsMock, resolver: Resolver, clock: Clock) -> None:
    """An empty list is an answer, unlike none."""
    answer(consul, "a")
    asked(resolver, 1)
    clock.pass_by()
    answer(consul)
    with pytest.raises(NoInstance):
        asked(resolver, 1)


def test_without_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    """A service that was given none ends with a sentence that names the setting."""
    with pytest.raises(SystemExit):
        Resolver(ProcessSettings(consul_http_token=None))


def test_routes() -> None:
    """Each kind of route has its chain of middlewares, and the more special one goes first."""
    tags = Routes(signed_in="A", public="B", sign_in="C").tags("things-api")
    chains = {tag.partition("middlewares=")[2] for tag in tags if "middlewares=" in tag}
    assert chains == {"signed-in@file", "anonymous@file", "sign-in@file"}
    priorities = dict(tag.split("priority=") for tag in tags if "priority=" in tag)
    routers = "traefik.http.routers.things-api{}."
    assert (
        int(priorities[routers.format("")])
        < int(priorities[routers.format("-public")])
        < int(priorities[routers.format("-sign-in")])
    )


def test_no_route_without_a_rule() -> None:
    """What is not said is not routed."""
    tags = Routes(public="B").tags("things-api")
    assert not [tag for tag in tags if "signed-in" in tag or "sign-in" in tag]
