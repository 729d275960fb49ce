"""A consumer without its worker, for what can be seen of it alone."""

from celery import Celery

from chassis.messaging.consumer import EventConsumer
from chassis.worker.app import worker_configuration


class Unstarted(EventConsumer):
    """It has its app, and no broker."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.first_connection_attempt = True


def configured_app() -> Celery:
    """The app of a service that listens to the shop."""
    app = Celery("stock")
    app.conf.update(worker_configuration("stock", ["shop"], "amqp://broker"))
    return app
