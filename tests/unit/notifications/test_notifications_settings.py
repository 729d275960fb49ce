"""Settings of the mail server that cannot work are refused at the start; some of the others follow."""

import smtplib
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, cast

import pytest
from pydantic import ValidationError

from apps.notifications.bootstrap import NotificationsParts, mailing
from apps.notifications.domain.notifications import Backoff
from apps.notifications.mailing import Patience
from apps.notifications.settings import NotificationsWorkerSettings, SmtpSettings
from apps.notifications.smtp import ServerAway, SmtpPost
from chassis.configuration.client import Given
from chassis.health import Health


def settings(**changes: object) -> SmtpSettings:
    return SmtpSettings(**{"smtp_server": "mail.example.com:587", **changes})  # type: ignore[arg-type] # as the environment does


def test_address_is_host_and_port() -> None:
    """In one variable."""
    assert settings().smtp_address == ("mail.example.com", 587)


@pytest.mark.parametrize(
    "changes",
    [
        {"smtp_server": "mail.example.com"},
        {"smtp_user": "quadrille"},
        {"smtp_password": "secret"},
        {"smtp_user": "quadrille", "smtp_password": "secret", "smtp_starttls": False},
        {"mail_from": "nobody"},
        {"mail_rate": "many"},
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, object]) -> None:
    """No port, half a log-in, a password in the clear, no sender, no rate."""
    with pytest.raises(ValidationError):
        settings(**changes)


def test_sender_is_one_line() -> None:
    """Nothing that follows it becomes a header of its own."""
    assert settings(mail_from="Eve <a@b>\r\nBcc: c@d").mail_from == "Eve <a@b>"


def test_log_in_with_starttls() -> None:
    """Is as it should be."""
    assert settings(smtp_user="quadrille", smtp_password="secret").smtp_starttls


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> NotificationsParts[NotificationsWorkerSettings]:
    """The worker's parts without a database, as it has them when it has just started."""
    for name, value in {
        "CONSUL_HTTP_TOKEN": "x",
        "DATABASE_URL": "postgresql://nowhere",
        "BROKER_URL": "amqp://nowhere",
        "SMTP_SERVER": "mail.example.com:587",
    }.items():
        monkeypatch.setenv(name, value)
    nothing = cast("Any", None)
    settings = NotificationsWorkerSettings()
    return NotificationsParts[NotificationsWorkerSettings](settings, nothing, nothing, nothing, nothing, Health())


def test_mailing_follows(worker: NotificationsParts[NotificationsWorkerSettings]) -> None:
    """Patience and the switch, in the parts that were made before."""
    made = mailing(worker)
    assert made.enabled()
    changed = {
        "mails_enabled": False,
        "mail_patience_hours": 1,
        "smtp_backoff_seconds": 2,
        "smtp_backoff_cap_seconds": 3,
    }
    worker.settings.live.offer(Given("b" * 40, changed))
    second = timedelta(seconds=1)
    assert made.patience() == Patience(Backoff(2 * second, 3 * second), 3600 * second)
    assert not made.enabled()


def test_time_out_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each conversation has the one of its moment."""
    timeouts: list[float] = []

    def connect(*_address: object, timeout: float) -> None:
        timeouts.append(timeout)
        raise OSError

    monkeypatch.setattr(smtplib, "SMTP", connect)
    several = iter([settings(), settings(smtp_timeout=1), settings(smtp_timeout=2)])
    post = SmtpPost(lambda: next(several))
    for _ in range(2):
        with pytest.raises(ServerAway):
            post.send(EmailMessage(), "ada@example.com")
    assert timeouts == [1, 2]
