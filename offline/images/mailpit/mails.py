"""The mails as Mailpit's API shows them, and the mailbox that keeps the newest ones in memory."""

import email
import email.policy
import email.utils
import json
import re
import secrets
import threading
from collections.abc import Collection
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, cast

TERM = re.compile(r'(?:[\w-]+:)?(?:"[^"]*"|\S+)')
SNIPPET_LENGTH = 250


class Mail:
    """One message: what a list shows of it, what its own page adds, and the raw text."""

    def __init__(self, raw: bytes, sender: str, recipients: Collection[str]) -> None:
        # With this policy, the parser makes EmailMessages.
        parsed = cast("EmailMessage", email.message_from_bytes(raw, policy=email.policy.default))
        self.id = secrets.token_urlsafe(16)
        self.raw = raw
        self.headers = {name: [str(value) for value in parsed.get_all(name, [])] for name in parsed}
        self.text = _body(parsed, "plain")
        self.html = _body(parsed, "html")
        attachments = [_described(part) for part in parsed.iter_attachments()] if parsed.is_multipart() else []
        to, cc = _addresses(parsed, "To"), _addresses(parsed, "Cc")
        visible = {each["Address"] for each in to + cc}
        self.summary: dict[str, Any] = {
            "ID": self.id,
            "MessageID": str(parsed.get("Message-ID", "")).strip("<>"),
            "Read": False,
            "From": next(iter(_addresses(parsed, "From")), None),
            "To": to,
            "Cc": cc,
            # Who gets the mail without standing in it.
            "Bcc": [{"Name": "", "Address": each} for each in recipients if each not in visible],
            "ReplyTo": _addresses(parsed, "Reply-To"),
            "Subject": str(parsed.get("Subject", "")),
            "Created": datetime.now(UTC).isoformat(),
            "Tags": [],
            "Size": len(raw),
            "Attachments": len(attachments),
            "Snippet": " ".join((self.text or re.sub("<[^>]+>", " ", self.html)).split())[:SNIPPET_LENGTH],
        }
        self.details: dict[str, Any] = {
            "Date": self.summary["Created"],
            "Text": self.text,
            "HTML": self.html,
            "ReturnPath": sender,
            "Attachments": attachments,
            "Inline": [],
        }

    def matches(self, query: str) -> bool:
        """Whether every term of the query is found: words, "phrases", to: from: subject: message-id:."""
        return all(self._has(term) for term in TERM.findall(query))

    def _has(self, term: str) -> bool:
        field, _, value = term.partition(":")
        searched = {
            "to": self.summary["To"] + self.summary["Bcc"],
            "from": self.summary["From"],
            "subject": self.summary["Subject"],
            "message-id": self.summary["MessageID"],
        }
        if field in searched:
            return value.strip('"').lower() in _as_text(searched[field])
        return term.strip('"').lower() in _as_text(self.summary) + self.text.lower()


class Mailbox:
    """The newest mails, newest first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._mails: list[Mail] = []

    def add(self, mail: Mail) -> None:
        """Forgets the oldest ones beyond the limit."""
        with self._lock:
            self._mails.insert(0, mail)
            del self._mails[self._limit :]

    def all(self) -> list[Mail]:
        """Newest first."""
        with self._lock:
            return list(self._mails)

    def find(self, mail_id: str) -> Mail | None:
        """One mail; the newest one has the id `latest`, too."""
        return next((mail for mail in self.all() if mail_id in (mail.id, "latest")), None)

    def delete(self, ids: Collection[str] | None = None) -> None:
        """These mails, or all when no ids are given."""
        with self._lock:
            self._mails = [mail for mail in self._mails if ids and mail.id not in ids]

    def mark(self, ids: Collection[str] | None, *, read: bool) -> None:
        """These mails, or all when no ids are given."""
        for mail in self.all():
            if not ids or mail.id in ids:
                mail.summary["Read"] = read


def _addresses(parsed: EmailMessage, header: str) -> list[dict[str, str]]:
    found = email.utils.getaddresses([str(value) for value in parsed.get_all(header, [])])
    return [{"Name": name, "Address": address} for name, address in found]


def _body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part else ""


def _described(attachment: EmailMessage) -> dict[str, Any]:
    content = cast("bytes | None", attachment.get_payload(decode=True))
    return {
        "FileName": attachment.get_filename() or "",
        "ContentType": attachment.get_content_type(),
        "Size": len(content or b""),
    }


def _as_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).lower()
