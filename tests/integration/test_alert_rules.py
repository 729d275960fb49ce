"""Prometheus' rules and Alertmanager's settings, judged by the tools in their own images."""

import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def tool(service: str, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a tool of the service's image on the files in monitoring/, without a network."""
    options = ("--rm", "--network=none", "--read-only", "--tmpfs=/tmp", "--workdir=/monitoring", f"--entrypoint={name}")
    mounted = f"--volume={ROOT / 'monitoring'}:/monitoring:ro"
    command = ["docker", "run", *options, mounted, SERVICES[service]["image"], *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return tool("prometheus", "promtool", *arguments)


def files(folder: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT / "monitoring")) for path in (ROOT / "monitoring" / folder).glob("*.yml"))


def test_rules_are_valid() -> None:
    """Promtool finds no error, no duplicate and no doubtful expression."""
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *files("prometheus/rules"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should_and_only_then() -> None:
    """The unit tests of the rules: each alert on made-up series."""
    done = promtool("test", "rules", *files("prometheus/tests"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    """What the unit tests of the rules name."""
    fires: set[str] = set()
    rests: set[str] = set()
    for name in files("prometheus/tests"):
        for test in yaml.safe_load((ROOT / "monitoring" / name).read_text())["tests"]:
            for case in test["alert_rule_test"]:
                (fires if case.get("exp_alerts") else rests).add(case["alertname"])
    rules = [yaml.safe_load((ROOT / "monitoring" / name).read_text()) for name in files("prometheus/rules")]
    alerts = {rule["alert"] for file in rules for group in file["groups"] for rule in group["rules"] if "alert" in rule}
    assert fires == rests == alerts


def test_alertmanager_understands_its_settings() -> None:
    """Amtool reads the configuration and the templates of the mails."""
    done = tool("alertmanager", "amtool", "check-config", "/monitoring/alertmanager/alertmanager.yml")
    assert done.returncode == 0, done.stdout + done.stderr
