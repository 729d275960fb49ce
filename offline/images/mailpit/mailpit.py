#!/usr/bin/env python3
"""A small Mailpit: SMTP on 1025, HTTP on 8025; everything in memory.

It heeds these of Mailpit's variables: MP_MAX_MESSAGES; MP_SMTP_TLS_CERT and MP_SMTP_TLS_KEY (offers
STARTTLS); MP_SMTP_AUTH ("user:password ...": asks for a log-in, with or without TLS); MP_ENABLE_CHAOS.
"""

import hmac
import os
import signal
import ssl
import sys
import urllib.request
from typing import Any

HTTP_PORT = 8025
SMTP_PORT = 1025
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - of a container
MAX_SIZE = 50 * 1024 * 1024
DEFAULT_MAX_MESSAGES = "500"


class Sink:
    """What becomes of each mail."""

    def __init__(self, mailbox: Any, chaos: Any) -> None:
        self._mailbox = mailbox
        self._chaos = chaos

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Takes everybody, unless Chaos is to refuse."""
        refusal: str | None = self._chaos.refusal()
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it
        """Keeps it."""
        from mails import Mail  # noqa: PLC0415 - see main

        mail = Mail(envelope.content, envelope.mail_from, envelope.rcpt_tos)
        self._mailbox.add(mail)
        return f"250 2.0.0 Ok: queued as {mail.id}"


def tls() -> ssl.SSLContext | None:
    """None where no certificate is given."""
    certificate = os.environ.get("MP_SMTP_TLS_CERT")
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, os.environ["MP_SMTP_TLS_KEY"])
    return context


def serve() -> None:
    """Until a signal comes."""
    from aiosmtpd.controller import Controller  # noqa: PLC0415 - see main
    from aiosmtpd.smtp import AuthResult  # noqa: PLC0415
    from chaos import Chaos  # noqa: PLC0415
    from mails import Mailbox  # noqa: PLC0415
    from pages import Server  # noqa: PLC0415

    accounts = os.environ.get("MP_SMTP_AUTH", "").encode().split()

    def log_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        given = data.login + b":" + data.password
        known = not accounts or any(hmac.compare_digest(given, account) for account in accounts)
        return AuthResult(success=known, handled=False)

    mailbox = Mailbox(int(os.environ.get("MP_MAX_MESSAGES", DEFAULT_MAX_MESSAGES)))
    chaos = Chaos()
    smtp = Controller(
        Sink(mailbox, chaos),
        hostname=ANY_ADDRESS,
        port=SMTP_PORT,
        data_size_limit=MAX_SIZE,
        tls_context=tls(),
        authenticator=log_in,
        auth_required=bool(accounts),
        auth_require_tls=False,
    )
    smtp.start()
    # Nothing to save. sys.exit would wait for the threads of open connections.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(f"mailpit stand-in: SMTP on {SMTP_PORT}, HTTP on {HTTP_PORT}", flush=True)  # noqa: T201 - its log
    may_refuse = os.environ.get("MP_ENABLE_CHAOS") == "true"
    Server((ANY_ADDRESS, HTTP_PORT), mailbox, chaos if may_refuse else None).serve_forever()


def main() -> None:
    """`readyz` needs neither the libraries nor the time that they take to load."""
    if sys.argv[1:] == ["readyz"]:
        urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/readyz", timeout=3).close()
    else:
        serve()


if __name__ == "__main__":
    main()
