"""What the gateway's files and the services say of each other."""

import importlib
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
BOOTSTRAPS = ("apps.users", "apps.orders", "apps.inventory", "apps.notifications", "gateway.forwardauth", "config")


def test_routes_lead_to_services_of_the_gateway() -> None:
    """Each API with routes has its service in the file, which falls back to its name, and the file has no other."""
    apis = [importlib.import_module(f"{package}.bootstrap").api for package in BOOTSTRAPS]
    tags = [tag for api in apis for tag in api.routes.tags(api.name)]
    led_to = {found[1] for tag in tags if (found := re.search(r"routers\..+\.service=(.+)@file", tag))}
    services = yaml.safe_load((ROOT / "gateway/traefik/dynamic/services.yml").read_text())["http"]["services"]
    assert led_to == {api.name for api in apis}
    failovers = {name: service["failover"] for name, service in services.items() if "failover" in service}
    by_name = {name: service["loadBalancer"]["servers"] for name, service in services.items() if name not in failovers}
    assert failovers == {name: {"service": f"{name}@consulcatalog", "fallback": f"{name}-by-name"} for name in led_to}
    assert by_name == {f"{name}-by-name": [{"url": f"http://{name}:8000"}] for name in led_to}
