"""When a machine is too small, and when that does not matter."""

from tools.preflight import GIB, Machine, available_memory, problems, warnings

ROOMY = Machine(cpus=4, memory=8 * GIB, disk=50 * GIB, running=False)


def test_roomy_machine_has_no_problem() -> None:
    """Enough of everything."""
    assert problems(ROOMY) == []
    assert warnings(ROOMY) == []


def test_every_problem_is_named() -> None:
    """Both at once, each with its figure."""
    memory, disk = problems(Machine(cpus=4, memory=3 * GIB, disk=9 * GIB, running=False))
    assert memory.startswith("3.0 GB of memory")
    assert disk.startswith("9.0 GB of disk")


def test_running_stack_has_its_share() -> None:
    """A second `make up` does not count what the first one took."""
    assert problems(Machine(cpus=4, memory=1 * GIB, disk=1 * GIB, running=True)) == []


def test_unknown_memory_is_no_problem() -> None:
    """Not every system has /proc."""
    assert problems(Machine(cpus=4, memory=None, disk=50 * GIB, running=False)) == []


def test_one_cpu_is_slow() -> None:
    """It is said, and does not stop anything."""
    assert "1 CPU" in warnings(Machine(cpus=1, memory=8 * GIB, disk=50 * GIB, running=False))[0]


def test_available_memory() -> None:
    """In bytes, and not what is merely free."""
    assert available_memory("MemFree:  10 kB\nMemAvailable:   2048 kB\n") == 2 * 1024 * 1024
    assert available_memory("") is None
