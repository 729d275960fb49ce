"""The HTTP side: part of Mailpit's API v1, and a page for people.

GET    /livez, /readyz, /api/v1/info
GET    /api/v1/messages?start=&limit=
GET    /api/v1/search?query=&start=&limit=
GET    /api/v1/message/{ID}             and /raw, /headers; ID may be `latest`
PUT    /api/v1/messages                 {"IDs": [...], "Read": true}
DELETE /api/v1/messages                 all, or {"IDs": [...]}
DELETE /api/v1/search?query=
GET    /api/v1/chaos                    and PUT {"Recipient": {"ErrorCode": 550, "Probability": 100}}, where enabled
GET    /, /view/{ID}.html, /view/{ID}.txt
"""

import json
import re
from collections.abc import Sequence
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chaos import Chaos
from mails import Mail, Mailbox

PAGE_SIZE = 50
# A mail's HTML is a stranger's: it may run and load nothing.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<title>Mailpit (stand-in)</title>
<h1>{count} mails</h1>
<table>
<tr><th>at</th><th>to</th><th>subject</th><th></th></tr>
{rows}
</table>
</html>
"""
ROW = (
    "<tr><td>{at}</td><td>{to}</td><td>{subject}</td>"
    '<td><a href="/view/{id}.html">HTML</a> <a href="/view/{id}.txt">text</a></td></tr>'
)


class Server(ThreadingHTTPServer):
    """An HTTP server that knows the mailbox, and what may refuse mails, if anything may."""

    def __init__(self, address: tuple[str, int], mailbox: Mailbox, chaos: Chaos | None) -> None:
        super().__init__(address, Handler)
        self.mailbox = mailbox
        self.chaos = chaos


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        """Quiet: a health check every few seconds is no news."""

    def do_GET(self) -> None:
        """Reads."""
        path, parameters = self._asked()
        mailbox = self.server.mailbox
        if path in ("/livez", "/readyz"):
            self._answer("ok")
        elif path == "/":
            self._answer(_page(mailbox.all()), content_type="text/html; charset=utf-8")
        elif path == "/api/v1/info":
            self._answer({"Version": "stand-in", "Messages": len(mailbox.all())})
        elif path == "/api/v1/messages":
            self._list(mailbox.all(), parameters)
        elif path == "/api/v1/search":
            query = parameters.get("query", "")
            self._list([mail for mail in mailbox.all() if mail.matches(query)], parameters)
        elif path == "/api/v1/chaos" and self.server.chaos:
            self._answer(self.server.chaos.as_json())
        else:
            self._show(path)

    def do_PUT(self) -> None:
        """Marks mails as read or unread; sets what is refused."""
        path, _ = self._asked()
        body = self._body()
        if path == "/api/v1/messages":
            self.server.mailbox.mark(body.get("IDs"), read=bool(body.get("Read")))
            self._answer("ok")
        elif path == "/api/v1/chaos" and self.server.chaos:
            self._set_chaos(self.server.chaos, body)
        else:
            self._not_found()

    def do_DELETE(self) -> None:
        """Deletes mails."""
        path, parameters = self._asked()
        body = self._body()
        mailbox = self.server.mailbox
        if path == "/api/v1/messages":
            mailbox.delete(body.get("IDs"))
            self._answer("ok")
        elif path == "/api/v1/search":
            found = [mail.id for mail in mailbox.all() if mail.matches(parameters.get("query", ""))]
            if found:
                mailbox.delete(found)
            self._answer("ok")
        else:
            self._not_found()

    def _asked(self) -> tuple[str, dict[str, str]]:
        url = urlsplit(self.path)
        return url.path, dict(parse_qsl(url.query))

    def _body(self) -> dict[str, Any]:
        length = int(self.headers.get("Content-Length") or 0)
        body: dict[str, Any] = json.loads(self.rfile.read(length)) if length else {}
        return body

    def _list(self, selected: Sequence[Mail], parameters: dict[str, str]) -> None:
        start, limit = int(parameters.get("start", 0)), int(parameters.get("limit", PAGE_SIZE))
        page = selected[start : start + limit]
        everything = self.server.mailbox.all()
        self._answer(
            {
                "total": len(everything),
                "unread": sum(not mail.summary["Read"] for mail in everything),
                "count": len(page),
                "messages_count": len(selected),
                "messages_unread": sum(not mail.summary["Read"] for mail in selected),
                "start": start,
                "tags": [],
                "messages": [mail.summary for mail in page],
            }
        )

    def _show(self, path: str) -> None:
        match = re.fullmatch(r"/api/v1/message/([^/]+)(/raw|/headers)?|/view/([^/]+)(\.html|\.txt)", path)
        mail = match and self.server.mailbox.find(match[1] or match[3])
        if not match or not mail:
            self._not_found()
            return
        form = match[2] or match[4]
        if form == "/raw":
            self._answer(mail.raw)
        elif form == "/headers":
            self._answer(mail.headers)
        elif form == ".txt":
            self._answer(mail.text)
        elif form == ".html":
            self._answer(mail.html, content_type="text/html; charset=utf-8")
        else:
            mail.summary["Read"] = True
            self._answer({**mail.summary, **mail.details})

    def _set_chaos(self, chaos: Chaos, body: dict[str, Any]) -> None:
        try:
            chaos.set(body)
        except ValueError as error:
            self._answer({"Error": str(error)}, status=400)
        else:
            self._answer(chaos.as_json())

    def _not_found(self) -> None:
        self._answer({"Error": "message not found"}, status=404)

    def _answer(
        self, content: dict[str, Any] | str | bytes, status: int = 200, content_type: str = "text/plain; charset=utf-8"
    ) -> None:
        if isinstance(content, dict):
            content, content_type = json.dumps(content), "application/json"
        body = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", SANDBOX)
        self.end_headers()
        self.wfile.write(body)


def _page(mails: Sequence[Mail]) -> str:
    rows = (
        ROW.format(
            at=escape(mail.summary["Created"][:19]),
            to=escape(", ".join(each["Address"] for each in mail.summary["To"])),
            subject=escape(mail.summary["Subject"]),
            id=escape(mail.id),
        )
        for mail in mails[:200]
    )
    return PAGE.format(count=len(mails), rows="\n".join(rows))
