"""The tokens with which a service calls others."""

import base64
from collections.abc import Iterator

import pytest
import responses
from pydantic import SecretStr

from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.http.service_tokens import RETRY_SECONDS, TOKEN_PATH, Granted, ServiceTokens, tokens_of_users_service
from chassis.settings import ClientSettings

LIFETIME = 600


class Issuer:
    """Grants tokens by number, unless it is away."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    def grant(self) -> Granted:
        self.asked += 1
        if self.away:
            raise ServiceUnavailable("users-api")
        return {"access_token": f"token-{self.asked}", "expires_in": LIFETIME}


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Issuer:
    """Who grants tokens."""
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def tokens(issuer: Issuer, clock: Clock) -> ServiceTokens:
    """The tokens under test."""
    return ServiceTokens(issuer.grant, clock)


def token(tokens: ServiceTokens) -> str:
    return tokens.authorization()["Authorization"]


def test_token_is_kept(tokens: ServiceTokens, issuer: Issuer, clock: Clock) -> None:
    """One serves many calls."""
    assert token(tokens) == "Bearer token-1"
    clock.now = LIFETIME * 0.7
    assert (token(tokens), issuer.asked) == ("Bearer token-1", 1)


def test_token_is_renewed_before_its_end(tokens: ServiceTokens, clock: Clock) -> None:
    """So no call carries one that expires on the way."""
    token(tokens)
    clock.now = LIFETIME * 0.81
    assert token(tokens) == "Bearer token-2"


def test_outage_within_its_life_is_not_felt(tokens: ServiceTokens, issuer: Issuer, clock: Clock) -> None:
    """The known token goes on until its end; then there is none, which is said and not asked for all the time."""
    token(tokens)
    issuer.away, clock.now = True, LIFETIME * 0.9
    assert token(tokens) == "Bearer token-1"
    clock.now = LIFETIME
    for _ in range(5):
        with pytest.raises(ServiceUnavailable):
            token(tokens)
    assert issuer.asked == 3
    assert tokens.check() is not None


def test_outage_ends(tokens: ServiceTokens, issuer: Issuer, clock: Clock) -> None:
    """A moment after the failure it is tried again."""
    issuer.away = True
    assert tokens.check() is not None
    issuer.away, clock.now = False, RETRY_SECONDS
    assert tokens.check() is None
    assert token(tokens) == "Bearer token-2"


def test_refused_token_is_replaced(tokens: ServiceTokens) -> None:
    """As after a change of keys."""
    token(tokens)
    tokens.forget()
    assert token(tokens) == "Bearer token-2"


class OneInstance:
    """A resolver that knows one address."""

    def url(self, _service: str) -> str:
        return "http://users"


@pytest.fixture
def users() -> Iterator[responses.RequestsMock]:
    """The users service's answers."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def granted() -> ServiceTokens:
    """Tokens of the users service, asked once."""
    client = ServiceClient("users-api", OneInstance(), attempts=1)  # type: ignore[arg-type] # no Consul here
    settings = ClientSettings(oauth_client_id="orders", oauth_client_secret=SecretStr("secret"))
    return tokens_of_users_service(client, settings, "availability:read")


def test_grant_is_asked_for_by_the_standard(users: responses.RequestsMock, granted: ServiceTokens) -> None:
    """RFC 6749, 4.4: the client's log-in by HTTP Basic, the grant and the scope in a form."""
    users.post(f"http://users{TOKEN_PATH}", json={"access_token": "a", "expires_in": 60})
    assert granted.authorization() == {"Authorization": "Bearer a"}
    request = users.calls[0].request
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'orders:secret').decode()}"
    assert request.body == "grant_type=client_credentials&scope=availability%3Aread"


@pytest.mark.parametrize("answer", [{"status": 401, "json": {"error": "invalid_client"}}, {"status": 503},
                                    {"body": "<html>"}, {"json": {}}, {"json": {"access_token": "a"}}])  # fmt: skip
def test_no_grant(users: responses.RequestsMock, granted: ServiceTokens, answer: dict[str, object]) -> None:
    """A refusal, an outage or nonsense: there is no token, which callers treat as no answer."""
    users.post(f"http://users{TOKEN_PATH}", **answer)
    with pytest.raises(ServiceUnavailable):
        granted.authorization()
