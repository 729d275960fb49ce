"""Security events: each is one log line and one count. They name ids only, never an address or a token."""

from enum import StrEnum

from prometheus_client import Counter

from chassis.logs import get_logger

log = get_logger()

SECURITY_EVENTS = Counter("security_events_total", "What matters to those who watch over accounts", ["event"])


class SecurityEvent(StrEnum):
    """What is told."""

    LOGGED_IN = "logged_in"
    LOG_IN_FAILED = "log_in_failed"
    LOG_IN_BLOCKED = "log_in_blocked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name
    SIGNING_KEY_ROTATED = "signing_key_rotated"
    ROLES_CHANGED = "roles_changed"
    ACCOUNT_ACTIVATED = "account_activated"
    ACCOUNT_DEACTIVATED = "account_deactivated"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - a name
    CLIENT_REFUSED = "client_refused"
    SESSION_REVOKED = "session_revoked"
    SESSIONS_REVOKED = "sessions_revoked"

    @property
    def is_alarming(self) -> bool:
        """Whether somebody may be up to something."""
        return self in _ALARMING


_ALARMING = frozenset({SecurityEvent.REFRESH_TOKEN_REUSED, SecurityEvent.LOG_IN_BLOCKED, SecurityEvent.CLIENT_REFUSED})

for _event in SecurityEvent:
    SECURITY_EVENTS.labels(_event.value)  # an alert on an increase needs the zero before it


def note(event: SecurityEvent, **ids: object) -> None:
    """Tells of the event; `ids` say who and what."""
    SECURITY_EVENTS.labels(event.value).inc()
    tell = log.warning if event.is_alarming else log.info
    tell(event.value, security=True, **{name: str(value) for name, value in ids.items()})
