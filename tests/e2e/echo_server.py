"""An HTTP server that says what reached it: the only way to see what the gateway hands on. Runs in a container.

/…                  200 and what came
/…/status/<status>  that status, as the service's own problem+json with the code `own_code`
/…/break            the connection breaks off
/…/break-once/<id>  it breaks off the first time; then 200
"""

import json
import os
import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    """Answers every method."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[set[str]] = set()

    def handle_any(self) -> None:
        """Reads the body, which must not stay in the connection, and answers."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.breaks_off():
            self.close_connection = True
            return
        wanted = re.search(r"/status/(\d{3})", self.path)
        status = int(wanted[1]) if wanted else 200
        came = {"instance": socket.gethostname(), "method": self.command, "path": self.path,
                "headers": self.headers.items(), "body_bytes": len(body), "code": "own_code"}  # fmt: skip
        answer = json.dumps(came).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(answer)))
        if status == 429:
            self.send_header("Retry-After", "77")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def breaks_off(self) -> bool:
        """Whether this request gets no answer."""
        known = self.path in self.seen
        self.seen.add(self.path)
        return self.path.endswith("/break") or ("/break-once/" in self.path and not known)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the library's names

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
