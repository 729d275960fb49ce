"""Handling an event in the pool: the handler, a few quick attempts, the retry queue, and the dead letters.

handler returns            → acknowledge
DuplicateEvent             → acknowledge: the effect is there already
transient error            → quick attempts, then reject (the broker parks it in `.retry`), at most N rounds
PoisonMessage, any other   → publish to `.dead` with the reason, then acknowledge
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import stamina
from celery.exceptions import Ignore, Reject
from pydantic import ValidationError

from chassis import failpoints, metrics
from chassis.identifiers import new_id
from chassis.logs import get_logger
from chassis.messaging.delivery import Delivery
from chassis.messaging.events import DuplicateEvent, Event, PoisonMessage, reason_of
from chassis.messaging.publisher import BatchPublisher, BrokerUnavailable, Message
from chassis.messaging.subscriptions import Subscription, Subscriptions
from chassis.messaging.topology import dead_exchange
from chassis.spans.broker import note_event, note_failure, processing
from chassis.times import rfc3339, utc_now

log = get_logger()

QUICK_ATTEMPTS = 3
QUICK_SECONDS = 1.0
MOST_LOSSES = 20
MOST_ATTEMPTS = 2**31  # a forged header must still fit into a new one


@dataclass(frozen=True)
class Handling:
    """How one service handles its events: with its parts, its named transient errors, and its limits.

    `rounds` is asked after each failure: it may change.
    """

    subscriptions: Subscriptions
    parts: object
    transient: tuple[type[Exception], ...]
    rounds: Callable[[], int]
    publisher: BatchPublisher
    after_commit: Callable[[], None]

    def handle(self, delivery: Delivery) -> None:
        """Runs the handler of the event in the delivery and settles the message. Raises Celery's Reject or Ignore."""
        with processing(delivery):
            self._handle(delivery)

    def _handle(self, delivery: Delivery) -> None:
        started, kind, outcome = time.monotonic(), "unknown", "retried"
        try:
            event = delivery.event
            note_event(delivery, event)
            subscription = self._subscription(delivery, event)
            kind = event.type  # of the catalogue, so that nobody can make up labels of the metrics
            outcome = self._attempt(subscription, event)
        except self.transient as error:
            reason, rounds = reason_of(error), delivery.rounds
            if rounds < self.rounds():
                note_failure(reason)
                log.warning("event_retried", queue=delivery.queue, event_type=kind, round=rounds + 1, reason=reason)
                raise Reject(error, requeue=False) from error
            outcome = self._park(delivery, f"still failing after {rounds} rounds: {reason}", "exhausted")
        except PoisonMessage as error:
            outcome = self._park(delivery, reason_of(error), "poison")
        except BaseException as error:  # what is no Exception would leave the message unsettled, and its place taken
            log.exception("handler_failed", queue=delivery.queue, event_type=kind)
            outcome = self._park(delivery, reason_of(error), "failed")
        finally:
            metrics.EVENTS_CONSUMED.labels(delivery.queue, kind, outcome).inc()
            metrics.EVENT_SECONDS.labels(delivery.queue, kind).observe(time.monotonic() - started)
        if outcome == "dead":
            raise Ignore  # acknowledged all the same, but no success for Flower

    def _subscription(self, delivery: Delivery, event: Event) -> Subscription:
        subscription = self.subscriptions.find(delivery.publisher, event.type)
        if subscription is None:
            raise PoisonMessage(f"no handler for {event.type} of {delivery.publisher}")
        if delivery.losses > MOST_LOSSES:
            raise PoisonMessage(f"came back {delivery.losses} times unsettled: it may be what ends the workers")
        return subscription

    def _attempt(self, subscription: Subscription, event: Event) -> str:
        try:
            reading = subscription.reading.model_validate(event.data)
        except ValidationError as error:  # here alone: a handler's own is a mistake of the handler
            raise PoisonMessage(reason_of(error)) from error
        retries = stamina.retry_context(
            on=self.transient, attempts=QUICK_ATTEMPTS, timeout=QUICK_SECONDS, wait_initial=0.05, wait_max=0.3
        )
        try:
            for attempt in retries:
                with attempt:
                    subscription.handler(self.parts, reading, event)
        except DuplicateEvent:
            return "duplicate"
        failpoints.reached(failpoints.AFTER_COMMIT)
        self.after_commit()
        return "handled"

    def _park(self, delivery: Delivery, reason: str, kind: str) -> str:
        """Puts the message aside, byte for byte, with the reason. If the broker does not take it: a retry instead."""
        now = rfc3339(utc_now())
        headers = {
            **delivery.headers,
            "x-failure-reason": reason[:500],
            "x-first-failure": delivery.headers.get("x-first-failure", now),
            "x-last-failure": now,
            "x-attempts": min(delivery.headers.get("x-attempts", 0) + delivery.rounds + 1, MOST_ATTEMPTS),
        }
        letter = Message(
            id=delivery.message_id or str(new_id()),
            exchange=dead_exchange(self.subscriptions.service),
            routing_key=delivery.queue,
            body=delivery.body,
            content_type=delivery.content_type or "application/octet-stream",
            content_encoding=delivery.content_encoding,
            headers=headers,
        )
        try:
            refused = self.publisher.publish([letter])
        except BrokerUnavailable as error:
            raise Reject(error, requeue=False) from error
        if refused:
            raise Reject(RuntimeError(f"dead letter not taken: {refused}"), requeue=False)
        note_failure(reason)
        metrics.DEAD_LETTERS.labels(delivery.queue, kind).inc()
        log.error("event_dead", queue=delivery.queue, kind=kind, message_id=delivery.message_id, reason=reason)
        return "dead"
