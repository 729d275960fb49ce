"""Access tokens with which this service calls others: OAuth 2.0 client credentials (RFC 6749, 4.4), renewed in time."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.logs import get_logger
from chassis.settings import ClientSettings

log = get_logger()

TOKEN_PATH = "/api/v1/oauth/token"  # noqa: S105 - a path
RENEWED_AFTER = 0.8  # of its life; what is left is for the journey, and for an outage of who issues tokens
RETRY_SECONDS = 2.0  # an outage must not become a flood of requests

Granted = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    renewed_at: float
    until: float


class ServiceTokens:
    """A token for one scope, kept until shortly before its expiry. Safe for threads: one fetches, the others go on."""

    def __init__(self, fetch: Callable[[], Granted], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token: _Token | None = None
        self._failed_at = float("-inf")
        self._lock = threading.Lock()

    def authorization(self) -> dict[str, str]:
        """The header of a call. Raises `ServiceUnavailable` when there is no token and none can be had."""
        token = self._token
        if token is None or self._clock() >= token.until:
            with self._lock:
                token = self._token if self._is_good() else self._get()
        elif self._clock() >= token.renewed_at and self._lock.acquire(blocking=False):
            try:
                token = self._get()
            except ServiceUnavailable as error:
                log.warning("service_token_not_renewed", reason=str(error))
            finally:
                self._lock.release()
        return {"Authorization": f"Bearer {token.text}"} if token else {}

    def forget(self) -> None:
        """The token was refused: the next call gets another one."""
        self._token = None

    def check(self) -> str | None:
        """For readiness, where it is shown, and by which the token is there before the first call needs it."""
        try:
            self.authorization()
        except ServiceUnavailable as error:
            return str(error)
        return None

    def _is_good(self) -> bool:
        return self._token is not None and self._clock() < self._token.until

    def _get(self) -> _Token:
        if self._clock() - self._failed_at < RETRY_SECONDS:
            raise ServiceUnavailable("no access token for this service could be had a moment ago")
        try:
            granted = self._fetch()
            text, lifetime = str(granted["access_token"]), float(granted["expires_in"])
        except (ServiceUnavailable, KeyError, ValueError, TypeError) as error:
            self._failed_at = self._clock()
            raise ServiceUnavailable(f"no access token for this service: {error}") from error
        now = self._clock()
        self._token = _Token(text, now + RENEWED_AFTER * lifetime, now + lifetime - 1)
        return self._token


def tokens_of_users_service(client: ServiceClient, settings: ClientSettings, scope: str) -> ServiceTokens:
    """The tokens of a registered client, as the users service grants them."""
    credentials = (settings.oauth_client_id, settings.oauth_client_secret.get_secret_value())

    def fetch() -> Granted:
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = client.post_again(TOKEN_PATH, data=form, auth=credentials)
        if not answer.ok:
            raise ServiceUnavailable(f"the token endpoint answered {answer.status_code}")
        granted: Granted = answer.json()
        return granted

    return ServiceTokens(fetch)
