"""Checks the machine, in words, before anything is changed."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools import dotenv, engine, ports
from tools.console import Failure, say, title
from tools.paths import EXAMPLE
from tools.shell import capture

GIB = 1 << 30
MEMORY = 4 * GIB
DISK = 10 * GIB
CPUS = 2


@dataclass(frozen=True)
class Machine:
    """What the stack would run on. None: could not be found out."""

    cpus: int
    memory: int | None
    disk: int
    running: bool  # then the stack has its memory and its disk space already


def available_memory(meminfo: str) -> int | None:
    """Bytes that programs can still have, of the text of /proc/meminfo."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def problems(machine: Machine) -> list[str]:
    """What keeps the stack from running here, one sentence each."""
    found = []
    if not machine.running and machine.memory is not None and machine.memory < MEMORY:
        found.append(f"{machine.memory / GIB:.1f} GB of memory are free, 4 are needed: end other programs")
    if not machine.running and machine.disk < DISK:
        found.append(f"{machine.disk / GIB:.1f} GB of disk are free for images, 10 are needed: free some")
    return found


def warnings(machine: Machine) -> list[str]:
    """What is worth knowing and keeps nothing from running."""
    few = machine.cpus < CPUS
    return [f"only {machine.cpus} CPU: everything works, but starts and builds take long"] if few else []


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def inspect(project: str) -> Machine:
    """What this machine has, seen from a Compose project."""
    meminfo = Path("/proc/meminfo")
    docker_root = capture("docker", "info", "--format", "{{.DockerRootDir}}") or "/var/lib/docker"
    label = f"label=com.docker.compose.project={project}"
    return Machine(
        cpus=os.cpu_count() or 1,
        memory=available_memory(meminfo.read_text()) if meminfo.exists() else None,
        disk=shutil.disk_usage(_existing(Path(docker_root))).free,
        running=bool(capture("docker", "ps", "--quiet", "--filter", label)),
    )


def check(env_file: Path, *, with_ports: bool = True) -> None:
    """Prints what was found.

    Raises:
        Failure: the stack cannot run here; the sentence says what to do.
    """
    title("Checking the machine")
    values = dotenv.parse(EXAMPLE.read_text())
    if env_file.exists():
        values |= dotenv.parse(env_file.read_text())
    values |= {name: os.environ[name] for name in values if name in os.environ}
    machine = inspect(values["COMPOSE_PROJECT_NAME"])
    step = engine.decide(engine.find_engine(), engine.host())
    wanted = {name: int(value) for name, value in values.items() if name.endswith("_PORT")} if with_ports else {}
    taken = ports.conflicts(wanted, values["COMPOSE_PROJECT_NAME"])
    memory = "unknown" if machine.memory is None else f"{machine.memory / GIB:.1f} GB free"
    compose = "ready" if engine.has_compose() else "comes from PyPI"
    say(f"CPUs: {machine.cpus}   memory: {memory}   disk: {machine.disk / GIB:.0f} GB free")
    say(f"Python: {sys.version.split()[0]}   Docker engine: {ENGINE_WORDS[step]}   Compose: {compose}")
    if wanted:
        say(f"Ports: {', '.join(map(str, sorted(wanted.values())))}: {len(taken) or 'none'} taken by others")
    for warning in warnings(machine):
        say(f"Note: {warning}.")
    found = problems(machine) + taken
    for problem in found[1:]:
        say(f"Problem: {problem}.")
    if found:
        raise Failure(found[0])


ENGINE_WORDS = {
    engine.Step.NOTHING: "ready",
    engine.Step.START: "will be started",
    engine.Step.INSTALL: "will be installed (docker.io)",
}
