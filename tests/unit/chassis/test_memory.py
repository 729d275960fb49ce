"""Memory by the files of a control group, of both versions."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from chassis.memory import limit, watch_memory, working_set

MIB = 1 << 20


def version2(root: Path, most: str) -> Path:
    (root / "memory.current").write_text(f"{90 * MIB}\n")
    (root / "memory.max").write_text(f"{most}\n")
    (root / "memory.stat").write_text(f"anon 1\ninactive_file {20 * MIB}\n")
    return root


def version1(root: Path, most: str) -> Path:
    (root / "memory").mkdir()
    (root / "memory/memory.usage_in_bytes").write_text(f"{90 * MIB}\n")
    (root / "memory/memory.limit_in_bytes").write_text(f"{most}\n")
    (root / "memory/memory.stat").write_text(f"inactive_file 1\ntotal_inactive_file {20 * MIB}\n")
    return root


@pytest.mark.parametrize("group", [version1, version2])
def test_the_working_set_leaves_out_pages_that_can_go(group: Callable[[Path, str], Path], tmp_path: Path) -> None:
    """What is used, less the inactive file pages; the limit as it stands there."""
    root = group(tmp_path, str(256 * MIB))
    assert working_set(root) == 70 * MIB
    assert limit(root) == 256 * MIB


@pytest.mark.parametrize(("group", "most"), [(version1, "9223372036854771712"), (version2, "max")])
def test_no_limit_is_infinite(group: Callable[[Path, str], Path], most: str, tmp_path: Path) -> None:
    """So that the share in use is 0."""
    assert limit(group(tmp_path, most)) == math.inf


def test_without_a_control_group_there_is_no_figure(tmp_path: Path) -> None:
    """NaN, which no alert compares with anything; the scrape goes on."""
    watch_memory(tmp_path)
    assert math.isnan(REGISTRY.get_sample_value("cgroup_memory_working_set_bytes") or 0)
