"""The watchdog of a worker's consumer."""

import pytest

from chassis.health import Turns
from chassis.worker.watchdog import EVERY_SECONDS, STUCK_SECONDS, Watchdog

LOOKS = int(STUCK_SECONDS / EVERY_SECONDS)


class Standing(Turns):
    """A loop of which the test says for how long it stands still."""

    seconds = 0.0

    @property
    def still(self) -> float:
        """As told."""
        return self.seconds


class Scene:
    """A consumer, a broker, and how often the process was ended."""

    def __init__(self) -> None:
        self.turns = Standing("consumer")
        self.broker_problem: str | None = None
        self.ended = 0
        self._watchdog = Watchdog(self.turns, lambda: self.broker_problem, self._end)

    def look(self, times: int) -> None:
        for _ in range(times):
            self._watchdog.look()

    def _end(self) -> None:
        self.ended += 1


@pytest.fixture
def scene() -> Scene:
    """All is well."""
    return Scene()


def test_stuck_consumer_ends_the_process(scene: Scene) -> None:
    """It stands still, and the broker is there."""
    scene.look(LOOKS)
    scene.turns.seconds = STUCK_SECONDS + 1
    scene.look(1)
    assert scene.ended == 1


def test_turning_consumer_is_left_alone(scene: Scene) -> None:
    """However long it takes."""
    scene.turns.seconds = STUCK_SECONDS - 1
    scene.look(10 * LOOKS)
    assert scene.ended == 0


def test_broker_that_is_away_is_waited_for(scene: Scene) -> None:
    """Nothing can turn then, and right after it the consumer still connects."""
    scene.turns.seconds = 10 * STUCK_SECONDS
    scene.broker_problem = "no connection to the broker"
    scene.look(10 * LOOKS)
    scene.broker_problem = None
    scene.look(LOOKS)
    assert scene.ended == 0
    scene.look(1)
    assert scene.ended == 1
