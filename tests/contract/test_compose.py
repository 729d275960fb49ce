"""Rules that every container of docker-compose.yml keeps."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import report, stack, up

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
JOBS = sorted(name for name in SERVICES if name.endswith("-setup") or name == "ops")
PUBLISHED = {"traefik", "flower", "mailpit", "rabbitmq", "prometheus", "alertmanager", "zipkin", "consul", "grafana"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_is_bounded_and_watched(name: str) -> None:
    """A health check, a memory limit, a restart policy, log rotation."""
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["mem_limit"]
    assert service["restart"] == ("no" if name in JOBS else "unless-stopped")
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", OURS)
def test_ours_are_unprivileged(name: str) -> None:
    """A non-root user, a read-only root, no capability, and no way to gain one."""
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_only_gateway_and_operators_publish(name: str) -> None:
    """Databases and AMQP publish no port, and what is published is on loopback only."""
    ports = SERVICES[name].get("ports", [])
    assert bool(ports) <= (name in PUBLISHED)
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", sorted(set(OURS) - set(JOBS) - {"flower"}))
def test_registers_with_its_own_token(name: str) -> None:
    """A service can register itself alone: its Consul token has its name, and gateway/consul/setup.sh is given it."""
    token = f"${{CONSUL_{name.upper().replace('-', '_')}_TOKEN:?run make up}}"
    assert SERVICES[name]["environment"]["CONSUL_HTTP_TOKEN"] == token
    assert token in SERVICES["consul"]["environment"].values()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_pinned(name: str) -> None:
    """Every image has a version; none says latest, none mounts the engine's socket."""
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert any(character.isdigit() for character in tag)
    assert "docker.sock" not in str(SERVICES[name].get("volumes", []))


def test_the_tools_name_services_and_ports_that_exist() -> None:
    """Services that orders need, that may be left out, that have tools; the addresses that `make up` ends with."""
    assert set(SERVICES) >= {*stack.ORDER_PATH, *stack.OPTIONAL, *up.WITH_TOOLS}
    published = {port for service in SERVICES.values() for port in service.get("ports", [])}
    for _, variable, _, _ in report.ADDRESSES:
        assert any(variable in port for port in published), variable
