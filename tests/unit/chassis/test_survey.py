"""Surveys: called again and again, and harmless when they fail."""

import threading

from structlog.testing import capture_logs

from chassis.survey import Survey


def test_it_measures_until_it_is_stopped() -> None:
    """From its own thread, and not once more after that."""
    taken = threading.Semaphore(0)
    survey = Survey("shop", taken.release, every=0.001)
    survey.start()
    assert all(taken.acquire(timeout=5) for _ in range(3))
    survey.stop()
    while taken.acquire(blocking=False):
        pass
    assert not taken.acquire(timeout=0.05)


def test_a_failure_is_told_once_and_ends_nothing() -> None:
    """One line while it lasts, and another when it comes again."""
    failures = iter([True, True, False, True])

    def measure() -> None:
        if next(failures):
            raise ConnectionError("away")

    survey = Survey("shop", measure)
    with capture_logs() as lines:
        for _ in range(4):
            survey.take()
    assert [(line["event"], line["reason"]) for line in lines] == [("survey_failed", "ConnectionError: away")] * 2
