"""The way to the mail server: one conversation for each mail.

MailProblem
├── ServerAway   nothing can be sent now, whoever it is for
├── MailPutOff   the server does not take this mail now
└── MailRefused  the server will never take this mail
"""

import contextlib
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Protocol

from apps.notifications.settings import SmtpSettings

_GOING_AWAY = 421
_FIRST_TRANSIENT, _FIRST_PERMANENT = 400, 500
_MAX_ANSWER = 500


class MailProblem(Exception):
    """A mail was not taken. `status_code` is the server's (RFC 5321), if it said one."""

    def __init__(self, words: str, status_code: int | None = None) -> None:
        super().__init__(words[:_MAX_ANSWER])
        self.status_code = status_code


class ServerAway(MailProblem):
    """Nothing can be sent now, whoever it is for."""


class MailPutOff(MailProblem):
    """The server does not take this mail now."""


class MailRefused(MailProblem):
    """The server will never take this mail."""


class Post(Protocol):
    """What takes letters."""

    def send(self, message: EmailMessage, recipient: str) -> str:
        """Sends it; returns the server's answer. Raises `MailProblem`."""


class SmtpPost:
    """See `Post`. A conversation for each mail: none is left half open by a process that dies."""

    def __init__(self, settings: Callable[[], SmtpSettings]) -> None:
        self._settings = settings
        ca_file = settings().smtp_ca_file
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)

    def send(self, message: EmailMessage, recipient: str) -> str:
        """See `Post`."""
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise ServerAway(_words(error), getattr(error, "smtp_code", None)) from error
        try:
            return self._hand_over(connection, message, recipient)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise ServerAway(_words(error)) from error
        finally:
            # What was said before counts, not whether the good-bye succeeds.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings()
        connection = smtplib.SMTP(*settings.smtp_address, timeout=settings.smtp_timeout)
        try:
            if settings.smtp_starttls:
                connection.starttls(context=self._tls)
            if settings.smtp_user is not None and settings.smtp_password is not None:
                connection.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            connection.ehlo_or_helo_if_needed()
        except BaseException:
            connection.close()
            raise
        return connection

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage, recipient: str) -> str:
        options: list[str] = []
        if message.policy is SMTPUTF8:
            if not connection.has_extn("smtputf8"):
                raise MailRefused("the mail server does not take addresses with such characters")
            options = ["SMTPUTF8"]
        code, answer = connection.mail(message["From"].addresses[0].addr_spec, options)
        if code >= _FIRST_TRANSIENT:  # it does not take us as a sender, whoever the mail is for
            raise ServerAway(_said(code, answer), code)
        _accepted(*connection.rcpt(recipient))
        code, answer = connection.data(message.as_bytes())
        _accepted(code, answer)
        return _said(code, answer)


def _accepted(code: int, answer: bytes) -> None:
    if code == _GOING_AWAY:
        raise ServerAway(_said(code, answer), code)
    if code >= _FIRST_PERMANENT:
        raise MailRefused(_said(code, answer), code)
    if code >= _FIRST_TRANSIENT:
        raise MailPutOff(_said(code, answer), code)


def _said(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode(errors='replace')}"[:_MAX_ANSWER]


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
