"""The attempts to send a mail: postponed, given up or done, and never two at once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from apps.notifications import service
from apps.notifications.domain.events import NotificationDelivered, NotificationFailed
from apps.notifications.domain.kinds import Channel, Kind
from apps.notifications.domain.notifications import Backoff, MailStatus, News, User
from apps.notifications.mailing import Mailing, Patience
from apps.notifications.metrics import MAILS
from apps.notifications.smtp import MailProblem, MailPutOff, MailRefused, ServerAway
from chassis.identifiers import new_id
from chassis.times import utc_now
from tests.unit.notifications.fakes import LoggedMail, Store

ADA = User(new_id(), "ada@example.com", "Ada", version=1)
BACKOFF = Backoff(timedelta(seconds=1), timedelta(seconds=10))
PATIENCE = Patience(BACKOFF, timedelta(hours=72))


@dataclass
class FakePost:
    """Takes letters, unless it has a problem."""

    problem: MailProblem | None = None
    tried: int = 0
    taken: list[EmailMessage] = field(default_factory=list)

    def send(self, message: EmailMessage, recipient: str) -> str:
        self.tried += 1
        if self.problem is not None:
            raise self.problem
        assert recipient == "ada@example.com"
        self.taken.append(message)
        return "250 Ok"


@dataclass
class Office:
    """Mailing over fakes, with a clock that can be set."""

    store: Store = field(default_factory=lambda: Store(ADA))
    post: FakePost = field(default_factory=FakePost)
    ahead: timedelta = timedelta()
    patience: Patience = PATIENCE
    enabled: bool = True

    def __post_init__(self) -> None:
        self.mailing = Mailing(
            self.store,
            self.post,
            "Quadrille <o@q.example>",
            lambda: self.patience,
            lambda: self.enabled,
            2,
            clock=self.now,
        )

    def now(self) -> datetime:
        return utc_now() + self.ahead

    def mail(self) -> UUID:
        (mail_id,) = service.tell(self.store(), ADA.id, News(Kind.WELCOME, str(new_id())))
        return mail_id

    def log(self, mail_id: UUID) -> LoggedMail:
        return self.store.state.mails[mail_id]


@pytest.fixture
def office() -> Office:
    return Office()


def test_outcomes_are_counted_from_zero_on() -> None:
    """Each is there before its first mail, so that this one is an increase."""
    MAILS.clear()
    Office()
    [family] = MAILS.collect()
    counted = {each.labels["outcome"]: each.value for each in family.samples if each.name == "mails_total"}
    assert counted == {"sent": 0, "failed": 0, "postponed": 0}


def test_mail_is_sent_once(office: Office) -> None:
    """A second task for it finds nothing to do; the answer is in the log, and an event tells of it."""
    mail_id = office.mail()
    office.mailing.attempt(mail_id)
    office.mailing.attempt(mail_id)
    assert (office.log(mail_id).status, office.log(mail_id).answer) == (MailStatus.SENT, "250 Ok")
    assert len(office.post.taken) == 1
    (told,) = office.store.inbox(ADA.id)
    delivered = NotificationDelivered(
        notification_id=told.id, user_id=ADA.id, kind=told.kind, order_id=None, channel=Channel.EMAIL, attempts=1
    )
    assert office.store.events[-1] == delivered


def test_mail_waits_for_a_server_that_is_away(office: Office) -> None:
    """However long: it stays pending, and is due again after the pause."""
    mail_id = office.mail()
    office.post.problem = ServerAway("refused")
    for _ in range(8):
        office.ahead += timedelta(days=1)
        office.mailing.attempt(mail_id)
    assert office.log(mail_id).status is MailStatus.PENDING
    assert office.log(mail_id).attempts == 8
    office.post.problem = None
    office.ahead += timedelta(days=1)
    office.mailing.attempt(mail_id)
    assert office.log(mail_id).status is MailStatus.SENT


def test_server_that_is_away_is_left_in_peace(office: Office) -> None:
    """The others do not even try until the pause is over, and none of them counts an attempt."""
    first, second = office.mail(), office.mail()
    office.post.problem = ServerAway("time-out")
    office.mailing.attempt(first)
    office.mailing.attempt(second)
    assert (office.post.tried, office.log(second).attempts) == (1, 0)
    assert office.log(second).due_at <= utc_now() + BACKOFF.first
    office.ahead = BACKOFF.first
    office.mailing.attempt(second)
    assert office.post.tried == 2


def test_mail_that_is_put_off_delays_no_other(office: Office) -> None:
    """A full mailbox is one receiver's own trouble."""
    first, second = office.mail(), office.mail()
    office.post.problem = MailPutOff("452 full", 452)
    office.mailing.attempt(first)
    office.post.problem = None
    office.mailing.attempt(second)
    assert (office.log(first).status, office.log(second).status) == (MailStatus.PENDING, MailStatus.SENT)
    assert office.log(first).answer == "452 full"


def test_patience_ends(office: Office) -> None:
    """A mail that is put off for days is given up."""
    mail_id = office.mail()
    office.post.problem = MailPutOff("452 full", 452)
    office.ahead = timedelta(hours=73)
    office.mailing.attempt(mail_id)
    assert office.log(mail_id).status is MailStatus.FAILED


def test_patience_may_change(office: Office) -> None:
    """It is asked for at each failure: how long the server is left in peace, and when a mail is given up."""
    mail_id = office.mail()
    hour = timedelta(hours=1)
    office.patience = Patience(Backoff(hour, hour), in_all=hour)
    office.post.problem = ServerAway("refused")
    office.mailing.attempt(mail_id)
    assert office.log(mail_id).due_at > utc_now() + hour / 2
    office.ahead, office.post.problem = 2 * hour, MailPutOff("452 full", 452)
    office.mailing.attempt(mail_id)
    assert office.log(mail_id).status is MailStatus.FAILED


def test_mails_that_are_held_wait(office: Office) -> None:
    """Nothing is tried or lost, the backlog is told, and all go out afterwards."""
    mail_id = office.mail()
    office.log(mail_id).due_at = utc_now()
    office.enabled = False
    office.mailing.attempt(mail_id)
    assert (office.mailing.sweep(), office.post.tried, office.log(mail_id).status) == ([], 0, MailStatus.PENDING)
    assert REGISTRY.get_sample_value("mails_pending") == 1
    office.enabled = True
    assert office.mailing.sweep() == [mail_id]
    office.mailing.attempt(mail_id)
    assert (office.log(mail_id).status, office.log(mail_id).attempts) == (MailStatus.SENT, 1)


def test_refusal_is_final(office: Office) -> None:
    """No second attempt; the event has the code, and no address."""
    mail_id = office.mail()
    office.post.problem = MailRefused("550 no such user: ada@example.com", 550)
    office.mailing.attempt(mail_id)
    office.mailing.attempt(mail_id)
    assert (office.post.tried, office.log(mail_id).status) == (1, MailStatus.FAILED)
    failed = office.store.events[-1]
    assert isinstance(failed, NotificationFailed)
    assert (failed.status_code, "ada" in failed.model_dump_json()) == (550, False)


def test_account_that_has_gone_gets_nothing(office: Office) -> None:
    """Deactivated between the notification and its mail."""
    mail_id = office.mail()
    service.forget_access(office.store(), ADA.id, version=2)
    office.mailing.attempt(mail_id)
    assert (office.post.tried, office.log(mail_id).status) == (0, MailStatus.FAILED)


def test_sweep_takes_what_is_due(office: Office) -> None:
    """A task that got lost; not what is under way."""
    lost, fresh = office.mail(), office.mail()
    office.log(lost).due_at = utc_now()
    assert office.mailing.sweep() == [lost]
    assert office.mailing.sweep() == []
    assert office.log(fresh).status is MailStatus.PENDING


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (500, 10)])
def test_pauses_double_up_to_the_cap(attempts: int, seconds: int) -> None:
    """One second, two, four, eight, ten, ten."""
    assert BACKOFF.after(attempts) == timedelta(seconds=seconds)
