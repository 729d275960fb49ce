"""Stock client libraries, which know nothing of us but the address, get tokens and use them."""

import threading
from collections.abc import Iterator

import jwt
import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from prometheus_client import REGISTRY
from werkzeug.serving import make_server

from apps.users.api.app import create_app
from apps.users.domain.oauth import Client
from apps.users.passwords import Passwords
from apps.users.service.accounts import register
from chassis.settings import TokenSettings
from tests.contract.apis import users_parts
from tests.integration.servers import free_port
from tests.unit.users.fakes import CHEAP, Database, FakeUnitOfWork, a_registration

ADA = a_registration()
SECRET = "a secret of the demo client"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a users API with one account and one client."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # it would insist on TLS
    address = f"http://127.0.0.1:{free_port()}"
    database, passwords = Database(), Passwords(CHEAP)
    register(FakeUnitOfWork(database), passwords, ADA)
    database.clients["demo"] = Client("demo", passwords.hash(SECRET), frozenset({"stock:read", "orders:read"}))
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    app = create_app(users_parts(database, TokenSettings(token_issuer=address)))
    serving = make_server("127.0.0.1", int(address.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield address
    serving.shutdown()
    thread.join()
    serving.server_close()
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


@pytest.fixture
def metadata(server: str) -> AuthorizationServerMetadata:
    """What the server says of itself, found by its address."""
    with OAuth2Session() as session:
        path = "/.well-known/oauth-authorization-server"
        return AuthorizationServerMetadata(session.get(server + path, withhold_token=True).json())


def claims(token: str, metadata: AuthorizationServerMetadata) -> dict[str, object]:
    """What the token says, checked with the published keys."""
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    return jwt.decode(token, key, ["RS256"], audience="quadrille-api", issuer=metadata["issuer"])


def test_metadata_is_valid(server: str, metadata: AuthorizationServerMetadata) -> None:
    """RFC 8414, as a client library reads it: the issuer is where the metadata was found."""
    metadata.validate()
    assert metadata["issuer"] == server


def test_password_grant(server: str, metadata: AuthorizationServerMetadata) -> None:
    """A user's tokens are got, used, refreshed and revoked."""
    endpoint = metadata["token_endpoint"]
    with OAuth2Session(token_endpoint_auth_method="none", token_endpoint=endpoint) as session:
        token = session.fetch_token(endpoint, username=ADA.email, password=ADA.password, grant_type="password")
        assert session.get(f"{server}/api/v1/users/me").json()["email"] == ADA.email
        newer = session.refresh_token(endpoint, refresh_token=token["refresh_token"])
        assert session.get(f"{server}/api/v1/users/me").status_code == 200
        assert claims(newer["access_token"], metadata)["scope"] == "api"
        session.revoke_token(metadata["revocation_endpoint"], newer["refresh_token"]).raise_for_status()
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.refresh_token(endpoint, refresh_token=newer["refresh_token"])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_grant(metadata: AuthorizationServerMetadata, method: str) -> None:
    """A client gets a token for itself, with the scope that it asks for."""
    assert method in metadata["token_endpoint_auth_methods_supported"]
    with OAuth2Session("demo", SECRET, scope="stock:read", token_endpoint_auth_method=method) as session:
        token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert claims(token["access_token"], metadata)["scope"] == "stock:read"


@pytest.mark.parametrize(
    ("secret", "scope", "error"), [("wrong", None, "invalid_client"), (SECRET, "api", "invalid_scope")]
)
def test_refusals(metadata: AuthorizationServerMetadata, secret: str, scope: str | None, error: str) -> None:
    """A refusal is understood as such."""
    with OAuth2Session("demo", secret, scope=scope) as session, pytest.raises(OAuthError, match=error):
        session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
