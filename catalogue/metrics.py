"""Writes the table of our metrics into docs/observability.md: `make metrics`; with --check, compares."""

import importlib
import re
import sys
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "observability.md"
FOLDERS = ("apps", "chassis", "config", "gateway", "workers")
_TABLE = re.compile(r"(<!-- metrics: [^\n]*-->\n).*?(<!-- end of metrics -->)", re.DOTALL)


def declared() -> dict[str, tuple[Metric, list[str]]]:
    """Each metric and its labels by the name under which Prometheus knows it, from the modules that declare them."""
    found: dict[str, tuple[Metric, list[str]]] = {}
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        if "from prometheus_client import" in path.read_text():
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            for member in vars(module).values():
                if isinstance(member, MetricWrapperBase):
                    found |= {_exposed(family): (family, list(member._labelnames)) for family in member.describe()}  # noqa: SLF001 - nothing public tells
    return found


def table() -> str:
    """The metrics in Markdown, by name."""
    rows = [
        f"| `{name}` | {family.type} | {', '.join(f'`{label}`' for label in labels) or '-'} | {family.documentation} |"
        for name, (family, labels) in sorted(declared().items())
    ]
    return "\n".join(["| metric | kind | labels | what it says |", "| --- | --- | --- | --- |", *rows])


def _exposed(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def main(arguments: list[str], target: Path = TARGET) -> int:
    """Returns the exit status."""
    found = target.read_text()
    wanted = _TABLE.sub(lambda match: f"{match[1]}{table()}\n{match[2]}", found)
    if arguments == ["--check"]:
        if found != wanted:
            print(f"{target.name} is out of date: run `make metrics` and commit it", file=sys.stderr)  # noqa: T201 - a command
        return int(found != wanted)
    target.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
