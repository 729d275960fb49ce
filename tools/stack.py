"""One Compose project: its environment file, its services and the images that they name."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools import dotenv
from tools.console import Failure
from tools.paths import ROOT
from tools.shell import run

# What an order needs; Compose adds what these depend on. The rest may join later.
ORDER_PATH = (
    "traefik",
    "forwardauth",
    "config",
    "users-api",
    "users-worker",
    "orders-api",
    "orders-worker",
    "inventory-api",
    "inventory-worker",
    "notifications-api",
    "notifications-worker",
    "mailpit",
)

# What the system does without where its image can be neither pulled nor built.
OPTIONAL = frozenset({"grafana"})


@dataclass(frozen=True)
class Service:
    """One service of the Compose file, as far as the tools care."""

    name: str
    image: str
    build_arguments: dict[str, str] | None  # None: not an image of ours
    depends_on: tuple[str, ...]


def parse_services(config: str) -> dict[str, Service]:
    """The services in the output of `docker compose config --format json`."""
    services = {}
    for name, entry in json.loads(config)["services"].items():
        build = entry.get("build")
        arguments = None if build is None else dict(build.get("args") or {})
        services[name] = Service(name, entry["image"], arguments, tuple(entry.get("depends_on") or ()))
    return services


def with_dependencies(services: dict[str, Service], names: Iterable[str]) -> set[str]:
    """These services and, over any number of steps, what they depend on."""
    found: set[str] = set()
    waiting = [name for name in names if name in services]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(services[name].depends_on)
    return found


class Stack:
    """A Compose project with the values of one environment file."""

    def __init__(self, env_file: Path, *, isolated: bool = False) -> None:
        """Reads the file; an isolated stack heeds no variable of the caller's shell, others do as Compose does."""
        if not env_file.exists():
            raise Failure(f"{env_file.name} does not exist yet: run `make up` first")
        values = dotenv.parse(env_file.read_text())
        self.environment = {**os.environ, **values} if isolated else {**values, **os.environ}
        # For those who call `docker compose` in this environment.
        self.environment["COMPOSE_ENV_FILES"] = str(env_file)
        self.values = {name: self.environment[name] for name in values}
        self.project = self.values["COMPOSE_PROJECT_NAME"]
        self.env_file = env_file

    @property
    def ports(self) -> dict[str, int]:
        """The published ports, by the name of their variable."""
        return {name: int(value) for name, value in self.values.items() if name.endswith("_PORT")}

    def command(self, *arguments: str) -> list[str]:
        """The command line of `docker compose` for this project."""
        return [
            *("docker", "compose", "--project-directory", str(ROOT), "--env-file", str(self.env_file)),
            *("--project-name", self.project, *arguments),
        ]

    def compose(self, *arguments: str) -> None:
        """Runs `docker compose` in the open; raises CalledProcessError."""
        run(*self.command(*arguments), env=self.environment)

    def services(self) -> dict[str, Service]:
        """The services of docker-compose.yml with this project's values."""
        done = subprocess.run(
            self.command("config", "--format", "json"),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failure(f"docker-compose.yml cannot be read: {done.stderr.strip().splitlines()[-1]}")
        return parse_services(done.stdout)
