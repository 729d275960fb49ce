"""Writes monitoring/grafana/dashboards: `make dashboards`; with --check, says whether it is up to date."""

import json
import sys
from pathlib import Path

from monitoring.dashboards import DASHBOARDS

TARGET = Path(__file__).parents[1] / "grafana" / "dashboards"


def rendered() -> dict[str, str]:
    """The content of each file, by its name."""
    return {
        f"{dashboard.uid}.json": json.dumps(dashboard.as_json(), indent=2, ensure_ascii=False) + "\n"
        for dashboard in DASHBOARDS
    }


def committed(folder: Path) -> dict[str, str]:
    """What lies in the folder, by name."""
    return {path.name: path.read_text() for path in folder.glob("*.json")}


def main(arguments: list[str], folder: Path = TARGET) -> int:
    """Returns the exit status."""
    files, found = rendered(), committed(folder)
    if arguments == ["--check"]:
        stale = sorted(name for name in files.keys() | found.keys() if files.get(name) != found.get(name))
        for name in stale:
            print(f"{name} is out of date: run `make dashboards` and commit it", file=sys.stderr)  # noqa: T201 - a command
        return 1 if stale else 0
    for name in found.keys() - files.keys():
        (folder / name).unlink()
    for name, text in files.items():
        (folder / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
