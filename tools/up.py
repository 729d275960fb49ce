"""`make up`: from whatever there is to a healthy stack. Run again, it is quick and changes nothing."""

import json
import subprocess
import sys

from tools import dotenv, engine, preflight, report
from tools.console import Clock, Failure, main, say, title
from tools.images import Images
from tools.paths import EXAMPLE, ROOT
from tools.shell import capture
from tools.stack import OPTIONAL, ORDER_PATH, Service, Stack, with_dependencies

WAIT_SECONDS = 300
LOG_LINES = "25"
# Their images hold what checks the rules of the alerts.
WITH_TOOLS = ("prometheus", "alertmanager")


def up() -> None:
    """Everything that `make up` does."""
    clock = Clock()
    env_file = ROOT / ".env"
    preflight.check(env_file)
    engine.ensure_engine()
    engine.ensure_compose()
    added = dotenv.write(env_file, EXAMPLE)
    if added:
        say(f".env: {len(added)} variables written, with random secrets; only you can read it")
    stack = Stack(env_file)
    left_out = start(stack, clock)
    report.show(stack, left_out, clock)


def start(stack: Stack, clock: Clock) -> dict[str, str]:
    """Gets the images and starts the order path, then the rest. Returns why a service was left out, by its name."""
    services = stack.services()
    images = Images()
    needed = with_dependencies(services, ORDER_PATH)
    if not any(images.is_missing(service) for service in services.values()):
        needed = set(services) - OPTIONAL  # nothing to wait for: one start for all is quicker than two
    order_path = [service for name, service in services.items() if name in needed]
    rest = [service for name, service in services.items() if name not in needed]
    try:
        title("The order path")
        images.request(order_path)
        left_out = images.wait(order_path)
        # Compilers run at a low priority, so they may begin while the order path starts.
        late = [service for service in rest if images.comes_late(service)]
        images.request(late)
        wait_healthy(stack, order_path)
        say(f"Orders can be placed at http://localhost:{stack.values['GATEWAY_PORT']} ({clock}).")
        title("The rest")
        for group in ([service for service in rest if service not in late], *([service] for service in late)):
            images.request(group)
            left_out |= images.wait(group)
            wait_healthy(stack, [service for service in group if service.name not in left_out])
    finally:
        images.stop()
    return left_out


def fetch(stack: Stack) -> None:
    """Gets the images of the order path and those with tools that the tests run, and starts nothing."""
    services = stack.services()
    needed = [services[name] for name in with_dependencies(services, (*ORDER_PATH, *WITH_TOOLS))]
    images = Images()
    try:
        images.request(needed)
        images.wait(needed)
    finally:
        images.stop()


def wait_healthy(stack: Stack, services: list[Service]) -> None:
    """Starts what does not run yet, and shows the logs of what does not become healthy."""
    if not services:
        return
    say(f"starting   {len(services)} services ...")
    progress = [] if sys.stdout.isatty() else ["--progress=quiet"]  # else each change of each container is a line
    arguments = [*progress, "up", "--detach", "--wait", f"--wait-timeout={WAIT_SECONDS}", "--no-build", "--pull=never"]
    try:
        stack.compose(*arguments, *(service.name for service in services))
    except subprocess.CalledProcessError:
        sick = unhealthy(capture(*stack.command("ps", "--all", "--format", "json"), env=stack.environment) or "")
        for name in sick:
            subprocess.run(stack.command("logs", "--tail", LOG_LINES, name), env=stack.environment, check=False)
        what = ", ".join(sick) or "a container"
        raise Failure(f"{what} did not become healthy: see the log above, or `make logs S=...`") from None


def unhealthy(listing: str) -> list[str]:
    """The services in the lines of `docker compose ps --all --format json` that do not run well or ended badly."""
    rows = (json.loads(line) for line in listing.splitlines())
    return sorted({row["Service"] for row in rows if is_sick(row["State"], row["Health"], row["ExitCode"])})


def is_sick(state: str, health: str, exit_code: int) -> bool:
    """Whether a container does not run as it should; a one-off job that ended well is in order."""
    return health == "unhealthy" or state == "restarting" or (state == "exited" and exit_code != 0)


if __name__ == "__main__":
    main(up)
