"""Health: named checks of what a process depends on; the answer of /health/ready."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from chassis import metrics

CHECK_SECONDS = 2.0
STALLED_SECONDS = 15.0

Check = Callable[[], str | None]
"""Returns None when well, otherwise the reason in words; an exception counts as its own words."""


@dataclass
class Health:
    """The checks of one process. A check that is not required is shown, but does not fail readiness."""

    _checks: dict[str, tuple[Check, bool]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="health"))

    def add(self, name: str, check: Check, *, required: bool = True) -> None:
        """Adds a check under the dependency's name."""
        self._checks[name] = (check, required)

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Whether all required dependencies are well, and what each of them says."""
        running = {name: self._pool.submit(check) for name, (check, _) in self._checks.items()}
        details: dict[str, dict[str, str]] = {}
        ready = True
        for name, future in running.items():
            try:
                problem = future.result(timeout=CHECK_SECONDS)
            except TimeoutError:
                problem = f"no answer within {CHECK_SECONDS:g} s"
            except Exception as error:  # noqa: BLE001 - whatever a dependency raises is the answer to show
                problem = f"{type(error).__name__}: {error}".splitlines()[0]
            details[name] = {"status": "ok"} if problem is None else {"status": "failing", "reason": problem}
            if self._checks[name][1]:
                metrics.DEPENDENCY_UP.labels(name).set(problem is None)
                ready = ready and problem is None
        return ready, {"status": "ok" if ready else "failing", "checks": details}


class Turns:
    """When a loop last turned: it stands still when it waits for a connection, and when it is stuck."""

    def __init__(self, loop: str) -> None:
        self._loop = loop
        self._last = time.monotonic()

    def note(self) -> None:
        """The loop has turned."""
        self._last = time.monotonic()

    @property
    def still(self) -> float:
        """For how many seconds it has not turned."""
        return time.monotonic() - self._last

    @property
    def problem(self) -> str | None:
        """None while it turns, otherwise for how long it has not."""
        still = self.still
        return None if still < STALLED_SECONDS else f"the {self._loop} has not turned for {still:.0f} s"
