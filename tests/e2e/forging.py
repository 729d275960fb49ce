"""Access tokens as forgers make them, from a real one; and as the users service would sign them, were it mistaken."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from tests.e2e.stack import compose

# Signs any claims with the newest key of the system under test: the signature is right, whatever the claims say.
_SIGN = """
import json, sys, jwt
from apps.users.bootstrap import parts
from apps.users.settings import ApiSettings
from chassis.settings import load_settings
from chassis.times import utc_now
settings = load_settings(ApiSettings, "users-api")
with parts(settings).unit_of_work() as uow:
    key = uow.signing_keys.signing(utc_now())
private = settings.key_cipher().open(key)
wanted = json.loads(sys.argv[1])
made = {name: jwt.encode(claims, private, "RS256", headers={"kid": key.kid}) for name, claims in wanted.items()}
print(json.dumps(made))
"""


def really_signed(wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Tokens with these claims, by name, signed with the system's own key."""
    made: dict[str, str] = json.loads(compose("exec", "-T", "users-api", "python", "-c", _SIGN, json.dumps(wanted)))
    return made


def forged(real: str, jwk: Mapping[str, str], admin: str) -> dict[str, str]:
    """Tokens by name, none of which may be believed: made from a real one of a customer, to pass for the admin."""
    header, claims = jwt.get_unverified_header(real), jwt.decode(real, options={"verify_signature": False})
    wanted = {**claims, "sub": admin, "roles": ["admin"]}
    signature = real.rpartition(".")[2]
    other = generate_private_key(public_exponent=65537, key_size=2048)
    other_jwk = RSAAlgorithm.to_jwk(other.public_key(), as_dict=True)
    public: Any = RSAAlgorithm.from_jwk(dict(jwk))
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    symmetric = {**header, "alg": "HS256"}

    def by_other(**changes: Any) -> str:
        return jwt.encode(wanted, other, "RS256", headers={**header, **changes})

    return {
        "no JWT": "admin",
        "an empty token": "",
        "three dots": "...",
        "alg none": _assembled({**header, "alg": "none"}, wanted),
        "alg NoNe": _assembled({**header, "alg": "NoNe"}, wanted),
        "alg none with a signature": f"{_assembled({**header, 'alg': 'none'}, wanted)}{signature}",
        "no alg": _assembled({"typ": "JWT", "kid": header["kid"]}, wanted),
        "HS256 with the public key as PEM": _hmac(symmetric, wanted, pem),
        "HS256 with the public key as JWK": _hmac(symmetric, wanted, json.dumps(dict(jwk)).encode()),
        "HS256 with an empty key": _hmac({**symmetric, "kid": "../../dev/null"}, wanted, b""),
        "another key under the same kid": by_other(),
        "another key under an unknown kid": by_other(kid="another"),
        "another key without kid": by_other(kid=""),
        "another key, brought along": by_other(kid="mine", jwk=other_jwk),
        "another key, at an address": by_other(kid="mine", jku="http://echo:8000/jwks.json"),
        "tampered payload": _assembled(header, wanted) + signature,
        "cut signature": real[:-8],
        "no signature": real.rpartition(".")[0] + ".",
    }


def mistaken(real: str) -> dict[str, str]:
    """Tokens by name, rightly signed, none of which may be believed: for another time, place or issuer."""
    claims = jwt.decode(real, options={"verify_signature": False})
    now = int(time.time())
    changes: dict[str, dict[str, Any]] = {
        "expired": {"iat": now - 1200, "nbf": now - 1200, "exp": now - 600},
        "not yet valid": {"nbf": now + 600},
        "for another audience": {"aud": "another-api"},
        "by another issuer": {"iss": "another-issuer"},
        "without an end": {"exp": None},
        "without an audience": {"aud": None},
        "without an issuer": {"iss": None},
        "without a subject": {"sub": None},
        "without a name": {"jti": None},
    }
    wanted = {name: {key: value for key, value in {**claims, **change}.items() if value is not None}
              for name, change in changes.items()}  # fmt: skip
    return really_signed(wanted)


def _assembled(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}."


def _hmac(header: Mapping[str, Any], claims: Mapping[str, Any], key: bytes) -> str:
    text = _assembled(header, claims).rstrip(".")
    return f"{text}.{_encoded(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
