"""How much of its container's memory a process's control group uses: the kernel ends what goes over the limit."""

from collections.abc import Callable
from pathlib import Path

from prometheus_client import Gauge

ROOT = Path("/sys/fs/cgroup")
UNLIMITED = 1 << 60  # version 1 says "no limit" with a number near 2**63

WORKING_SET = Gauge("cgroup_memory_working_set_bytes", "Memory in use that the kernel cannot simply take back")
LIMIT = Gauge("cgroup_memory_limit_bytes", "Memory that the container may use; +Inf without a limit")


def watch_memory(root: Path = ROOT) -> None:
    """Lets each scrape read both figures; NaN where there is no control group."""
    WORKING_SET.set_function(lambda: _or_nan(lambda: working_set(root)))
    LIMIT.set_function(lambda: _or_nan(lambda: limit(root)))


def working_set(root: Path) -> float:
    """What is used, without the files' pages that have not been read lately."""
    return _number(root, "memory.current", "memory/memory.usage_in_bytes") - _inactive_files(root)


def limit(root: Path) -> float:
    """The least of what may be used. Raises OSError where there is no control group."""
    found = _number(root, "memory.max", "memory/memory.limit_in_bytes")
    return found if found < UNLIMITED else float("inf")


def _number(root: Path, version2: str, version1: str) -> float:
    path = root / version2
    text = (path if path.exists() else root / version1).read_text().strip()
    return float("inf") if text == "max" else float(text)


def _inactive_files(root: Path) -> float:
    path = root / "memory.stat"
    name = "inactive_file" if path.exists() else "total_inactive_file"
    lines = (path if path.exists() else root / "memory/memory.stat").read_text().splitlines()
    return next((float(line.split()[1]) for line in lines if line.split()[0] == name), 0.0)


def _or_nan(read: Callable[[], float]) -> float:
    try:
        return read()
    except OSError:
        return float("nan")
