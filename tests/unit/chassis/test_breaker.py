"""The circuit breaker: it opens, tries one call after a while, and makes nobody wait for another's call."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY

from chassis.http.breaker import FAILURES_IN_A_ROW, Breaker, CircuitOpen
from chassis.times import Seconds

LONG = 3600.0


class Failed(Exception):
    """What a failing call raises."""


def fail() -> None:
    raise Failed


def broken(reset_seconds: Seconds = LONG) -> Breaker:
    breaker = Breaker("stock", reset_seconds=reset_seconds)
    for _ in range(FAILURES_IN_A_ROW):
        with pytest.raises(Failed):
            breaker.call(fail)
    return breaker


def state() -> float | None:
    return REGISTRY.get_sample_value("circuit_breaker_state", {"target": "stock"})


def test_failures_open_it() -> None:
    """After some failures in a row nothing is called any more, and readiness and metrics tell so."""
    breaker = broken()
    with pytest.raises(CircuitOpen):
        breaker.call(lambda: pytest.fail("called"))
    assert (breaker.problem, state()) == ("the circuit breaker is open", 2)


def test_success_starts_the_count_again() -> None:
    """Failures count only in a row."""
    breaker = Breaker("stock", reset_seconds=LONG)
    for _ in range(3):
        for _ in range(FAILURES_IN_A_ROW - 1):
            with suppress(Failed):
                breaker.call(fail)
        assert breaker.call(lambda: "well") == "well"
    assert (breaker.problem, state()) == (None, 0)


@pytest.mark.parametrize(("trial", "problem"), [(lambda: None, None), (fail, "the circuit breaker is open")])
def test_trial_decides(trial: Callable[[], None], problem: str | None) -> None:
    """After the reset time one call closes the circuit, or leaves it open."""
    breaker = broken(reset_seconds=0.0)
    with suppress(Failed):
        breaker.call(trial)
    assert breaker.problem == problem


def test_reset_time_may_change() -> None:
    """A circuit that is open already is tried again by the time of now."""
    reset_seconds = [LONG]
    breaker = broken(lambda: reset_seconds[0])
    with pytest.raises(CircuitOpen):
        breaker.call(lambda: pytest.fail("called"))
    reset_seconds[0] = 0.0
    assert breaker.call(lambda: "well") == "well"


def test_calls_do_not_wait_for_each_other() -> None:
    """All of several calls are under way at the same time."""
    breaker = Breaker("stock", reset_seconds=LONG)
    together = threading.Barrier(4, timeout=5)
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(lambda _: breaker.call(together.wait), range(4)))) == 4


def test_only_one_tries() -> None:
    """While a trial is under way, others are refused at once."""
    breaker = broken(reset_seconds=0.0)
    started, ended = threading.Event(), threading.Event()

    def trial() -> bool:
        started.set()
        return ended.wait(5)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(breaker.call, trial)
        assert started.wait(5)
        with pytest.raises(CircuitOpen):
            breaker.call(lambda: pytest.fail("called"))
        ended.set()
        assert first.result()
    assert breaker.problem is None
