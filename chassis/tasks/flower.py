"""The Celery app that Flower watches with: `celery -A chassis.tasks.flower flower`. It only listens to events."""

from typing import Any

from celery import Celery
from celery.app.control import Control

from chassis.messaging.topology import FLOWER
from chassis.settings import load_settings
from chassis.tasks.settings import FlowerSettings


class Silence(Control):
    """No remote control: Flower would greet all workers with it, and has no right to. They do not listen anyway."""

    def broadcast(self, *_args: Any, **_kwargs: Any) -> None:
        """Sends nothing, so nobody answers."""


app = Celery(FLOWER, broker=load_settings(FlowerSettings, FLOWER).broker_url, control=Silence)
app.conf.update(event_queue_exclusive=True, control_queue_exclusive=True, worker_enable_remote_control=False)
