"""Letters: a mail as the message that goes out, with a text and an HTML part in its reader's language."""

import re
import unicodedata
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from jinja2 import Environment, StrictUndefined, select_autoescape

from apps.notifications.domain.notifications import Mail
from apps.notifications.texts import LOADER, words

_templates = Environment(
    loader=LOADER,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=select_autoescape(["html"]),
)

# Quoted local parts, which may hold anything, are no addresses here: nobody registers with one.
_ADDRESS = re.compile(r"""[^\s@,;:<>()\[\]"\\]+@[^\s@,;:<>()\[\]"\\]+""")


class UnwritableLetter(Exception):
    """The mail cannot be written, now or later: the address does not fit into a header."""


def letter(mail: Mail, sender: str) -> EmailMessage:
    """The message. It is the same at each attempt, its Message-ID included, so that a receiver can tell a repetition.

    Raises:
        UnwritableLetter: there is no use in trying again.
    """
    recipient, notification = mail.recipient, mail.notification
    read = words(notification, recipient.language)
    name = one_line(recipient.name)
    known = {
        "name": name,
        "title": read.title,
        "body": read.body,
        "lines": notification.details.get("lines", ()),
        "total": notification.details.get("total"),
        "language": recipient.language,
    }
    try:
        to = _address(name, recipient.email or "")
        message = EmailMessage(policy=SMTP if f"{recipient.email}{sender}".isascii() else SMTPUTF8)
        message["From"] = sender
        message["To"] = to
        message["Subject"] = one_line(read.title)
        message["Date"] = format_datetime(mail.created_at)
        message["Message-ID"] = f"<{mail.id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
    except (ValueError, IndexError, MessageError) as error:
        raise UnwritableLetter(f"the address does not fit into a header: {type(error).__name__}") from error
    message.set_content(_templates.get_template(f"{recipient.language}/mail.txt").render(known))
    html = _templates.get_template(f"{recipient.language}/mail.html").render(known)
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = recipient.language.value  # now: adding a part moves such headers into the first one
    return message


def _address(name: str, address: str) -> Address:
    # Not by Address(addr_spec=...), which knows no characters but ASCII's.
    if _ADDRESS.fullmatch(address) is None or address != one_line(address):
        raise ValueError("not exactly one address")
    user, _, domain = address.rpartition("@")
    return Address(display_name=name, username=user, domain=domain)


def one_line(text: str) -> str:
    """The text without line feeds and other control characters, which must not get into a header."""
    printable = (" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return " ".join("".join(printable).split())
