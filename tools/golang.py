"""Go programs for the offline images: with the host's Go, else with Debian's in a container."""

import os
import re
from pathlib import Path

from tools import shell
from tools.paths import BUILD, LOGS

# From this version on, Go fetches the newer release that a go.mod asks for by itself, through the module proxy.
SWITCHES_ITSELF = (1, 21)
IMAGE = "quadrille-offline/golang:trixie"
# A larger heap for the compiler: a fifth less time; the largest package still takes less than 1 GB.
SPEED = {
    "GOGC": "400",
    "GOTOOLCHAIN": "auto",
    # The same for all, so that they share what Go has compiled; without what only debuggers need.
    "GOFLAGS": "-trimpath -buildvcs=false -gcflags=all=-dwarf=false",
    "CGO_ENABLED": "0",
}
SITE_VARIABLES = ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY", "GOINSECURE")


def version(text: str) -> tuple[int, ...]:
    """Of what `go env GOVERSION` prints: go1.26.5."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def on_host() -> bool:
    """Whether the host's Go can do it."""
    return version(shell.capture("go", "env", "GOVERSION") or "") >= SWITCHES_ITSELF


def compile_program(recipe: Path) -> None:
    """Runs the recipe's compile.sh, which leaves the program in its folder .build."""
    log = LOGS / f"{recipe.name}-compile.log"
    if on_host():
        shell.logged(["nice", "-n", "10", "bash", "compile.sh"], log, {**os.environ, **SPEED}, recipe)
        return
    (BUILD / "go").mkdir(parents=True, exist_ok=True)  # else Docker makes it, as root's
    shell.logged(container_command(recipe), log)


def container_command(recipe: Path) -> list[str]:
    """The same in a container of IMAGE, with Go's caches kept on the host for the next program."""
    settings = [f"--env={name}={value}" for name, value in SPEED.items()]
    settings += [f"--env={name}" for name in SITE_VARIABLES if name in os.environ]
    return [
        *("docker", "run", "--rm", "--cpu-shares=128", "--user", f"{os.getuid()}:{os.getgid()}", *settings),
        *("--env=HOME=/go", f"--volume={BUILD / 'go'}:/go", f"--volume={recipe}:/src", "--workdir=/src", IMAGE),
        *("bash", "compile.sh"),
    ]
