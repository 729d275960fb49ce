"""Which images are waited for."""

import pytest

from tools import images, offline
from tools.stack import Service


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> images.Images:
    """A machine that has PostgreSQL's image, and one of Prometheus that was built from an old recipe."""
    monkeypatch.setattr(images, "capture", lambda *_: "postgres:17.12\nprom/prometheus:v2.53.3\n<none>:<none>")
    monkeypatch.setattr(offline, "outdated", lambda: {"prom/prometheus:v2.53.3"})
    return images.Images()


@pytest.mark.parametrize(
    ("service", "missing", "late"),
    [
        (Service("postgres", "postgres:17.12", None, ()), False, False),
        (Service("mongo", "mongo:8.0", None, ()), True, False),
        (Service("prometheus", "prom/prometheus:v2.53.3", None, ()), True, True),
        (Service("loki", "grafana/loki:3.7.8", None, ()), True, True),
        (Service("grafana", "grafana/grafana:12.2.0", None, ()), False, False),
        (Service("orders-api", "quadrille/orders:0.1.0", {"SERVICE": "orders"}, ()), False, False),
    ],
)
def test_what_is_missing(found: images.Images, service: Service, missing: bool, late: bool) -> None:  # noqa: FBT001 - table
    """Ours are built in seconds, an optional one may never come, a compiled one takes minutes."""
    assert (found.is_missing(service), found.comes_late(service)) == (missing, late)


def test_build_arguments() -> None:
    """One option each."""
    assert images.build_arguments({"SERVICE": "orders"}) == ["--build-arg", "SERVICE=orders"]
