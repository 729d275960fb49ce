"""The Celery app that Flower watches with: `celery -A chassis.messaging.flower flower`. It only listens to events."""

from celery import Celery
from pydantic_settings import BaseSettings

from chassis.messaging.topology import FLOWER
from chassis.settings import load_settings


class FlowerSettings(BaseSettings):
    """The broker, as the user `flower`."""

    broker_url: str


app = Celery(FLOWER, broker=load_settings(FlowerSettings, FLOWER).broker_url)
app.conf.update(event_queue_exclusive=True, control_queue_exclusive=True, worker_enable_remote_control=False)
