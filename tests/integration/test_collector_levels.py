"""What the real Collector makes of container logs: which lines it ships, and under which labels."""

import json
import re
from pathlib import Path

import yaml
from testcontainers.core.container import DockerContainer

from tests.integration.servers import ROOT, image_of
from tests.polling import eventually

LEVELS = {
    '{"event": "request", "level": "info", "status": 500, "code": "error"}': "info",
    '{"event": "x error", "logger": "[error]", "level": "warning"}': "warning",
    '{"event": "uncaught_exception", "level": "critical"}': "critical",
    '{"level":"error","time":"t","message":"Traefik"}': "error",
    '{"@level":"warn","@message":"Consul"}': "warning",
    '{"t":{"$date":"x"},"s":"I",  "c":"MONGODB"}': "info",
    '{"t":{"$date":"x"},"s":"E",  "c":"MONGODB"}': "error",
    "2026-11-28 12:51:13.757651+00:00 [info] <0.1274.0> RabbitMQ error": "info",
    "2026-11-28 12:51:13.757 UTC [27] LOG:  PostgreSQL": "info",
    "2026-11-28 12:51:13.757 UTC [27] FATAL:  PostgreSQL": "critical",
    "2026-11-28T12:51:10.241Z  WARN [/] 1 --- [           main] Zipkin": "warning",
    'ts=2026-11-28T12:51:10.241Z level=debug msg="some error"': "debug",
    "words without a level": "unknown",
}


def entry(line: str, project: str | None) -> str:
    """The line as Docker keeps it."""
    labels = {"com.docker.compose.project": project, "com.docker.compose.service": "s"} if project else None
    return json.dumps({"log": f"{line}\n", "attrs": labels, "time": "2026-11-28T12:51:10.241000000Z"}) + "\n"


def configuration() -> str:
    """The stack's own, but for where the lines go: to the Collector's log, each with its labels."""
    config = yaml.safe_load((ROOT / "monitoring" / "otel-collector" / "config.yaml").read_text())
    config["receivers"]["filelog"].pop("storage")
    config["extensions"].pop("file_storage")
    config["exporters"] = {"debug": {"verbosity": "detailed"}}
    config["service"]["extensions"] = ["health_check"]
    config["service"]["telemetry"]["logs"] = {"level": "info", "encoding": "console"}
    for pipeline in config["service"]["pipelines"].values():
        pipeline["exporters"] = ["debug"]
    return yaml.safe_dump(config)


def shipped(text: str) -> list[tuple[str, str]]:
    """Line and level of all that the Collector has written; the container's id and the service must be there too."""
    found = []
    for resource in text.split("ResourceLog #")[1:]:
        labels = dict(re.findall(r"-> (\w+): Str\((\w+)\)", resource.split("ScopeLogs")[0]))
        assert (labels["container"], labels["service"]) == ("0123456789ab", "s")
        found += [(line, labels["level"]) for line in re.findall(r"Body: Str\((.*)\n", resource)]
    return found


def test_lines_are_shipped_once_with_their_level(tmp_path: Path) -> None:
    """Of this project alone, whatever the program's way to say how bad it is."""
    folder = tmp_path / "containers" / "0123456789abcdef"
    folder.mkdir(parents=True)
    lines = [entry(line, "quadrille") for line in LEVELS] + [entry("other", "another"), entry("own", None)]
    (folder / "0123456789abcdef-json.log").write_text("".join(lines))
    (tmp_path / "config.yaml").write_text(configuration())
    for path in (tmp_path, folder.parent, folder):
        path.chmod(0o755)
    container = DockerContainer(image_of("otel-collector")).with_command("--config=/config.yaml")
    container.with_env("COMPOSE_PROJECT_NAME", "quadrille").with_kwargs(user="0:0")
    container.with_volume_mapping(str(tmp_path / "config.yaml"), "/config.yaml", "ro")
    container.with_volume_mapping(str(folder.parent), "/var/lib/docker/containers", "ro")

    def all_shipped() -> None:
        assert sorted(shipped(b"".join(container.get_logs()).decode())) == sorted(LEVELS.items())

    with container:
        eventually(all_shipped, seconds=30, interval=0.5)
