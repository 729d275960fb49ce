"""Settings of the mail server that cannot work are refused at the start."""

import pytest
from pydantic import ValidationError

from apps.notifications.settings import SmtpSettings


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
