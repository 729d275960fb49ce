"""What `make up` says at its end: addresses, log-ins by the name of their variables, what is missing, what runs."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

from tools.console import Clock, say, title
from tools.shell import capture
from tools.stack import Stack

# What it is, the port's variable, the path, and which variables of .env hold the log-in.
ADDRESSES = (
    ("API, by the gateway", "GATEWAY_PORT", "/", "ADMIN_, MANAGER_, CUSTOMER_EMAIL and _PASSWORD, DEMO_CLIENT_"),
    ("Flower", "FLOWER_PORT", "/", "FLOWER_USER, FLOWER_PASSWORD"),
    ("Mailpit: the mails", "MAILPIT_PORT", "/", ""),
    ("RabbitMQ", "RABBITMQ_UI_PORT", "/", "user monitoring, RABBITMQ_MONITORING_PASSWORD"),
    ("Grafana", "GRAFANA_PORT", "/", "GRAFANA_USER, GRAFANA_PASSWORD"),
    ("Prometheus", "PROMETHEUS_PORT", "/", ""),
    ("Alertmanager", "ALERTMANAGER_PORT", "/", ""),
    ("Zipkin", "ZIPKIN_PORT", "/zipkin/", ""),
    ("Consul", "CONSUL_PORT", "/", "CONSUL_HTTP_TOKEN"),
)
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
MEMORY = re.compile(r"^([\d.]+)([KMG]iB|B) /", re.MULTILINE)


def bytes_in_use(stats: str) -> int:
    """The sum over lines as `docker stats` prints them: `61.5MiB / 256MiB`."""
    return round(sum(float(number) * UNITS[unit] for number, unit in MEMORY.findall(stats)))


def commit_of(answer: str) -> str | None:
    """The configuration's commit in an HTTP answer of /health/ready, its lines as Python reads them; None for none."""
    try:
        report = json.loads(answer.partition("\n\n")[2])
    except ValueError:
        return None
    return str(report["configuration"]["commit"]) if "configuration" in report else None


def ask(container: str) -> str:
    """What the container answers at /health/ready, on the port of an API or else of a worker."""
    script = 'exec 3<> "/dev/tcp/127.0.0.1/$0" && printf "GET /health/ready HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3'
    answers = (capture("docker", "exec", container, "bash", "-c", script, port) for port in ("8000", "9100"))
    return next((answer for answer in answers if answer), "")


def configurations(stack: Stack) -> dict[str, list[str]]:
    """The commits of the configuration that our processes run, each with the services that run it."""
    ours = [name for name, service in stack.services().items() if service.build_arguments is not None]
    listing = capture(*stack.command("ps", "--format", "json", *ours), env=stack.environment) or ""
    rows = [json.loads(line) for line in listing.splitlines()]
    with ThreadPoolExecutor() as pool:
        commits = pool.map(lambda row: commit_of(ask(row["Name"])), rows)
        found = sorted((commit, str(row["Service"])) for row, commit in zip(rows, commits, strict=True) if commit)
    return {commit: list(dict.fromkeys(name for each, name in found if each == commit)) for commit, _ in found}


def memory(stack: Stack) -> str:
    """What the stack's containers use now, in words."""
    label = f"label=com.docker.compose.project={stack.project}"
    containers = (capture("docker", "ps", "--quiet", "--filter", label) or "").split()
    stats = capture("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", *containers) or ""
    return f"{bytes_in_use(stats) / (1 << 20):.0f} MiB in {len(containers)} containers"


def show(stack: Stack, left_out: dict[str, str], clock: Clock) -> None:
    """Prints the report."""
    title(f"Up ({clock})")
    for name, variable, path, log_in in ADDRESSES:
        if name.lower() not in left_out:
            say(f"{name:20} http://localhost:{stack.values[variable]}{path:9} {log_in}".rstrip())
    say(f"The log-ins are in {stack.env_file.name}, under the names on the right.")
    for name, why in left_out.items():
        say(f"Left out: {name} ({why}). Everything else works without it.")
    for commit, names in configurations(stack).items():
        say(f"Configuration {commit}: {', '.join(names)}")
    say(f"Memory: {memory(stack)}")
