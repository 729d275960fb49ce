"""`make check`: every lint, each named with its verdict; all run, even when one fails."""

import os
import re
import subprocess
from pathlib import Path

from tools.console import Clock, Failure, main, say, title
from tools.paths import ROOT, VENV
from tools.shell import capture

SHEBANG = re.compile(rb"^#!/(?:usr/)?bin/(?:env )?(?:ba)?sh\b")


def tracked() -> list[str]:
    """The files of the repository, those not yet committed included."""
    listing = capture("git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard")
    if listing is None:
        raise Failure("the list of files comes from git: install git, and run this in a clone")
    return [name for name in listing.splitlines() if (ROOT / name).is_file()]


def is_shell(path: Path) -> bool:
    """By its name's ending, else by its first line."""
    if path.suffix:
        return path.suffix == ".sh"
    with path.open("rb") as file:
        return bool(SHEBANG.match(file.readline()))


def checks(files: list[str]) -> dict[str, list[str]]:
    """Each check's name and command line."""
    dockerfiles = [name for name in files if Path(name).name == "Dockerfile"]
    scripts = [name for name in files if is_shell(ROOT / name)]
    return {
        "ruff": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy": ["mypy"],
        "import-linter": ["lint-imports"],
        "hadolint": ["hadolint", *dockerfiles],
        "yamllint": ["yamllint", "--strict", "."],
        "shellcheck": ["shellcheck", *scripts],
        "topology": ["python", "-m", "catalogue.topology", "--check"],
        "dashboards": ["python", "-m", "monitoring.dashboards", "--check"],
        # The AsyncAPI models warn of field names of their own.
        "contracts": ["python", "-W", "ignore", "-m", "catalogue.contracts", "--check"],
        "settings": ["python", "-m", "catalogue.settings", "--check"],
        "metrics": ["python", "-W", "ignore", "-m", "catalogue.metrics", "--check"],
    }


def check() -> None:
    """Runs all of them; raises Failure when one has failed."""
    title("Lint and types")
    # import-linter imports the packages; the tools call each other.
    environment = {**os.environ, "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    failed = []
    for name, command in checks(tracked()).items():
        clock = Clock()
        done = subprocess.run(
            [str(VENV / "bin" / command[0]), *command[1:]],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        say(f"{name:14} {'failed' if done.returncode else 'ok':6} ({clock})")
        if done.returncode:
            say(done.stdout)
            failed.append(name)
    if failed:
        raise Failure(f"{', '.join(failed)}: correct what is said above (`make format` does a part of it)")


if __name__ == "__main__":
    main(check)
