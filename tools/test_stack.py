"""`make test`: all checks and tests, the last ones on a Compose project of their own, which is always removed."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools import check, dotenv, engine, ports, preflight, up, venv
from tools.console import Clock, Failure, main, say, title
from tools.paths import EXAMPLE, ROOT, VENV
from tools.shell import capture, run
from tools.stack import Stack

PROJECT = "quadrille-test"
ENV_FILE = ROOT / ".env.test"
OUTPUT = ROOT / "test-output"
# Those that need nothing, those that need images, and those that need the whole stack.
PLAIN_SUITES = ("unit", "contract")
IMAGE_SUITES = ("integration",)
STACK_SUITES = ("e2e",)


def make_stack() -> Stack:
    """A project with fresh secrets and free ports: nothing that `make up` started is touched."""
    names = [name for name in dotenv.parse(EXAMPLE.read_text()) if name.endswith("_PORT")]
    ENV_FILE.unlink(missing_ok=True)
    fixed = {"COMPOSE_PROJECT_NAME": PROJECT} | dict(zip(names, map(str, ports.several_free(len(names))), strict=True))
    dotenv.write(ENV_FILE, EXAMPLE, fixed)
    return Stack(ENV_FILE, isolated=True)


def pytest(suite: str, environment: Mapping[str, str]) -> None:
    """Runs the tests of one folder."""
    title(f"Tests: {suite}")
    folder = ROOT / "tests" / suite
    # The helper container of testcontainers is one more image; the fixtures clean up by themselves.
    complete = {**environment, "TESTCONTAINERS_RYUK_DISABLED": "true"}
    try:
        run(str(VENV / "bin" / "python"), "-m", "pytest", str(folder), env=complete, cwd=ROOT)
    except subprocess.CalledProcessError:
        raise Failure(f"tests/{suite} did not pass: the reasons are above") from None


def keep_logs() -> None:
    """Leaves the log of every container of the project in test-output/."""
    OUTPUT.mkdir(exist_ok=True)
    label = f"label=com.docker.compose.project={PROJECT}"
    for name in (capture("docker", "ps", "--all", "--filter", label, "--format", "{{.Names}}") or "").split():
        with (OUTPUT / f"{name}.log").open("w") as log:
            subprocess.run(["docker", "logs", "--timestamps", name], stdout=log, stderr=log, check=False)
    say(f"The logs of the containers are in {OUTPUT.relative_to(ROOT)}/.")


def remove(stack: Stack) -> None:
    """Removes the project with its volumes. A second Ctrl-C does not stop this: it runs in a session of its own."""
    subprocess.run(
        stack.command("down", "--volumes", "--remove-orphans", "--timeout", "5"),
        env=stack.environment,
        start_new_session=True,
        capture_output=True,
        check=True,
    )


def on_stack(stack: Stack) -> None:
    """Runs the tests that need the whole system."""
    title(f"A stack for the tests: {PROJECT}")
    remove(stack)
    passed = False
    try:
        up.start(stack, Clock())
        for suite in STACK_SUITES:
            pytest(suite, stack.environment)
        passed = True
    finally:
        if not passed:
            keep_logs()
        remove(stack)
        ENV_FILE.unlink()


def test() -> None:
    """Everything, the quickest first."""
    clock = Clock()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    preflight.check(Path(ENV_FILE), with_ports=False)
    engine.ensure_engine()
    engine.ensure_compose()
    venv.development()
    stack = make_stack()
    check.check()
    for suite in PLAIN_SUITES:
        pytest(suite, os.environ)
    title("Images")
    up.fetch(stack)
    for suite in IMAGE_SUITES:
        pytest(suite, os.environ)
    on_stack(stack)
    say(f"\nEverything passed ({clock}).")


if __name__ == "__main__":
    main(test)
