"""Who may read what: each service logs in with a password of its own (HTTP Basic) and reads its own settings."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from chassis.http.errors import Problem
from config.domain.resolution import SHARED
from config.settings import OPERATOR

CHALLENGE = {"WWW-Authenticate": 'Basic realm="configuration", charset="UTF-8"'}


@dataclass(frozen=True)
class Access:
    """The log-ins of the services, and of the operator, who reads all but gets no secret decrypted."""

    passwords: Mapping[str, str]

    def check(self, application: str) -> bool:
        """Lets the caller of the running request pass or refuses; tells whether secrets are for it."""
        client = self._client()
        if client == OPERATOR:
            return False
        if application not in (client, SHARED):
            raise Problem(403, detail=f"{client} may read the settings of {client} and the shared ones.")
        return True

    def _client(self) -> str:
        given = request.authorization
        if given is None or given.type != "basic" or not given.username:
            raise Problem(401, detail="A service's name and password are needed (HTTP Basic).", headers=CHALLENGE)
        expected = self.passwords.get(given.username, "")
        # Compared in any case, so that the time does not tell which names exist.
        same = hmac.compare_digest(expected.encode(), (given.password or "").encode())
        if not (expected and same):
            raise Problem(401, detail="The name or the password is wrong.", headers=CHALLENGE)
        return given.username
