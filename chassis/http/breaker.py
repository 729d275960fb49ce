"""The circuit breaker of calls between services: after some failures in a row nobody waits for the other one any more.

closed ──failures in a row──▶ open ──reset time──▶ half-open ──one trial──▶ closed, or open again
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import pybreaker

from chassis import metrics
from chassis.logs import get_logger
from chassis.times import Seconds, seconds_now

log = get_logger()

FAILURES_IN_A_ROW = 5
STATES = {pybreaker.STATE_CLOSED: 0, pybreaker.STATE_HALF_OPEN: 1, pybreaker.STATE_OPEN: 2}

T = TypeVar("T")


class CircuitOpen(Exception):
    """The other service failed a moment ago: it was not asked."""


class Breaker:
    """Guards the calls to one service. Safe for threads, which do not wait for each other."""

    def __init__(self, service: str, *, reset_seconds: Seconds) -> None:
        self._reset_seconds = reset_seconds
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=FAILURES_IN_A_ROW,
            reset_timeout=seconds_now(reset_seconds),
            listeners=[_Teller()],
            name=service,
            throw_new_error_on_trip=False,
        )
        self._trial = threading.Lock()
        metrics.BREAKER_STATE.labels(service).set(STATES[self._breaker.current_state])

    def call(self, function: Callable[[], T]) -> T:
        """The function's answer, or what it raises, which counts as a failure. Raises `CircuitOpen`."""
        # pybreaker holds its lock for as long as a call lasts, so it is told of the outcome only, which takes no time;
        # the trial of a broken circuit alone runs under it, and whoever else comes then does not wait for that.
        if self._breaker.current_state == pybreaker.STATE_CLOSED:
            return self._observed(function)
        if not self._trial.acquire(blocking=False):
            raise CircuitOpen(self._breaker.name)
        try:
            self._breaker.reset_timeout = seconds_now(self._reset_seconds)
            return self._breaker.call(function)
        except pybreaker.CircuitBreakerError:
            raise CircuitOpen(self._breaker.name) from None
        finally:
            self._trial.release()

    @property
    def problem(self) -> str | None:
        """For readiness, where it is shown: None while the circuit is closed."""
        state = self._breaker.current_state
        return None if state == pybreaker.STATE_CLOSED else f"the circuit breaker is {state}"

    def _observed(self, function: Callable[[], T]) -> T:
        try:
            result = function()
        except Exception as error:
            with suppress(pybreaker.CircuitBreakerError, type(error)):
                self._breaker.call(_raise, error)
            raise
        with suppress(pybreaker.CircuitBreakerError):  # others have opened it meanwhile
            self._breaker.call(_nothing)
        return result


class _Teller(pybreaker.CircuitBreakerListener):
    def state_change(self, cb: pybreaker.CircuitBreaker, _old: Any, new: Any) -> None:
        metrics.BREAKER_STATE.labels(cb.name).set(STATES[new.name])
        log.warning("circuit_breaker_moved", wanted=cb.name, state=new.name)


def _raise(error: Exception) -> NoReturn:
    raise error


def _nothing() -> None:
    """A call that went well."""
