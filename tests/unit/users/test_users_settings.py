"""What of the settings follows the configuration while the API runs."""

from datetime import timedelta
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet

from apps.users.bootstrap import Users, api_parts
from apps.users.domain.log_ins import LogInLimit
from apps.users.domain.sessions import SessionRules
from apps.users.settings import ApiSettings
from chassis.configuration.client import Given
from chassis.health import Health


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Users[ApiSettings]:
    """The service's parts without a database, as a process that has just started has them."""
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "x")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere")
    monkeypatch.setenv("TOKEN_KEY_SECRET", Fernet.generate_key().decode())
    nothing = cast("Any", None)
    return Users[ApiSettings](ApiSettings(), nothing, nothing, nothing, nothing, Health())


def test_registration_closes(users: Users[ApiSettings]) -> None:
    """The flag counts at the next request."""
    parts = api_parts(users)
    assert parts.registration_open()
    users.settings.live.offer(Given("b" * 40, {"registration_open": False}))
    assert not parts.registration_open()


def test_limits_and_lengths_follow(users: Users[ApiSettings]) -> None:
    """The parts of the API that were made before are by the new numbers."""
    parts = api_parts(users)
    changed = {
        "log_in_failures": 3,
        "log_in_window": 60,
        "refresh_token_lifetime": 100,
        "session_lifetime": 200,
        "refresh_grace": 1,
        "access_token_lifetime": 50,
    }
    users.settings.live.offer(Given("b" * 40, changed))
    second = timedelta(seconds=1)
    assert parts.guard.limit() == LogInLimit(3, 60 * second)
    assert parts.keeper.rules() == SessionRules(100 * second, 200 * second, second)
    assert parts.keeper.issuer.lifetime() == 50 * second
    assert "waiting_for_restart" not in users.settings.live.report()
