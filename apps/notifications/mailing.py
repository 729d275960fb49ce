"""Mailing: the attempts to send a mail, and what becomes of it after each.

The delivery log is the truth: a mail is pending until the server has taken it or refused it for good. Tasks only say
that it is time for an attempt; they may get lost or come twice, a scheduled sweep makes new ones.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opentelemetry import trace

from apps.notifications import service
from apps.notifications.domain.events import NotificationDelivered, NotificationFailed
from apps.notifications.domain.kinds import Channel
from apps.notifications.domain.notifications import Backoff, Mail, MailStatus
from apps.notifications.letters import UnwritableLetter, letter
from apps.notifications.metrics import MAIL_SECONDS, MAILS, MAILS_OLDEST, MAILS_PENDING
from apps.notifications.repositories import UnitOfWorkFactory
from apps.notifications.smtp import MailProblem, MailPutOff, MailRefused, Post, ServerAway
from chassis.logs import get_logger
from chassis.telemetry import remote_context, tracer
from chassis.times import utc_now

log = get_logger()

SWEPT_AT_ONCE = 200
SLOT_SECONDS = 0.2
CROWDED = timedelta(seconds=1)
# Counted from 0 on: Prometheus sees no increase in a series that begins with its first refusals.
OUTCOMES = ("sent", "failed", "postponed")


@dataclass(frozen=True)
class Patience:
    """How long to wait between attempts, and how long in all."""

    backoff: Backoff
    in_all: timedelta


@dataclass
class ServerState:
    """What this process knows of the mail server: after a failure it is left in peace for a while."""

    failures: int = 0
    away_until: datetime | None = None

    def failed(self, backoff: Backoff) -> datetime:
        """It did not answer. Returns until when it is left in peace."""
        self.failures += 1
        self.away_until = utc_now() + backoff.after(self.failures)
        return self.away_until

    def answered(self) -> None:
        """It is there."""
        self.failures, self.away_until = 0, None


@dataclass
class Mailing:
    """Sends mails from one process, some at a time, so that a slow server leaves threads for other work.

    `patience` and `enabled` may change. While it is not enabled, mails wait as they are.
    """

    unit_of_work: UnitOfWorkFactory
    post: Post
    sender: str
    patience: Callable[[], Patience]
    enabled: Callable[[], bool]
    connections: int
    clock: Callable[[], datetime] = utc_now
    _slots: threading.BoundedSemaphore = field(init=False)
    _server: ServerState = field(init=False, default_factory=ServerState)

    def __post_init__(self) -> None:
        self._slots = threading.BoundedSemaphore(self.connections)
        for outcome in OUTCOMES:
            MAILS.labels(outcome)

    def attempt(self, mail_id: UUID) -> None:
        """Tries to send one mail; nothing happens when it is settled or somebody else is at it."""
        if not self.enabled():
            return
        away_until = self._server.away_until
        if away_until is not None and self.clock() < away_until:
            self._delay(mail_id, away_until)
            return
        if not self._slots.acquire(timeout=SLOT_SECONDS):
            self._delay(mail_id, self.clock() + CROWDED)
            return
        try:
            self._attempt(mail_id)
        finally:
            self._slots.release()

    def sweep(self) -> list[UUID]:
        """The mails that are due and that nobody works at; reports the backlog."""
        with self.unit_of_work() as uow:
            due = uow.deliveries.take_due(SWEPT_AT_ONCE) if self.enabled() else []
            pending, oldest = uow.deliveries.backlog()
            uow.commit()
        MAILS_PENDING.set(pending)
        MAILS_OLDEST.set(oldest)
        return due

    def _attempt(self, mail_id: UUID) -> None:
        with self.unit_of_work() as uow:
            mail = uow.deliveries.claim(mail_id)
            uow.commit()
        if mail is None:
            return
        attributes: dict[str, str | int] = {
            "mail.id": str(mail.id),
            "mail.attempt": mail.attempts,
            "peer.service": "smtp",
        }
        with tracer.start_as_current_span(
            "send mail", remote_context(mail.traceparent), trace.SpanKind.CLIENT, attributes
        ):
            self._send(mail)

    def _send(self, mail: Mail) -> None:
        if mail.recipient.email is None or not mail.recipient.active:
            self._fail(mail, "the account is not active any more", None)
            return
        try:
            answer = self.post.send(letter(mail, self.sender), mail.recipient.email)
        except ServerAway as problem:
            self._postpone(mail, self._server.failed(self.patience().backoff), problem)
        except MailPutOff as problem:
            self._server.answered()
            patience = self.patience()
            if self.clock() - mail.created_at > patience.in_all:
                self._fail(mail, f"given up: {problem}", problem.status_code)
            else:
                self._postpone(mail, self.clock() + patience.backoff.after(mail.attempts), problem)
        except MailRefused as problem:
            self._server.answered()
            self._fail(mail, str(problem), problem.status_code)
        except UnwritableLetter as error:
            self._fail(mail, str(error), None)
        else:
            self._server.answered()
            self._succeed(mail, answer)

    def _succeed(self, mail: Mail, answer: str) -> None:
        told = mail.notification
        event = NotificationDelivered(
            notification_id=told.id, user_id=told.user_id, kind=told.kind, order_id=told.order_id,
            channel=Channel.EMAIL, attempts=mail.attempts,
        )  # fmt: skip
        self._settle(mail, MailStatus.SENT, answer, event)
        MAIL_SECONDS.observe((self.clock() - mail.created_at).total_seconds())

    def _fail(self, mail: Mail, answer: str, status_code: int | None) -> None:
        told = mail.notification
        event = NotificationFailed(
            notification_id=told.id, user_id=told.user_id, kind=told.kind, order_id=told.order_id,
            channel=Channel.EMAIL, attempts=mail.attempts, status_code=status_code,
        )  # fmt: skip
        self._settle(mail, MailStatus.FAILED, answer, event)
        log.warning("mail_failed", mail_id=str(mail.id), status_code=status_code, attempts=mail.attempts)

    def _settle(
        self, mail: Mail, status: MailStatus, answer: str, event: NotificationDelivered | NotificationFailed
    ) -> None:
        with self.unit_of_work() as uow:
            if uow.deliveries.settle(mail.id, status, answer):
                service.publish(uow, event, mail.notification, sequence=2)
            uow.commit()
        MAILS.labels(status.value).inc()

    def _postpone(self, mail: Mail, until: datetime, problem: MailProblem) -> None:
        with self.unit_of_work() as uow:
            uow.deliveries.postpone(mail.id, until, str(problem))
            uow.commit()
        MAILS.labels("postponed").inc()
        # The answer itself may hold the address: it stays in the delivery log.
        log.info(
            "mail_postponed", mail_id=str(mail.id), attempts=mail.attempts,
            reason=type(problem).__name__, status_code=problem.status_code,
        )  # fmt: skip

    def _delay(self, mail_id: UUID, until: datetime) -> None:
        with self.unit_of_work() as uow:
            uow.deliveries.delay(mail_id, until)
            uow.commit()
