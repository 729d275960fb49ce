"""Secrets in the repository: `{cipher}` and a Fernet token. The first key encrypts, all of them decrypt."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from config.domain.resolution import PropertySource, Scalar

PREFIX = "{cipher}"
UNREADABLE = "<n/a>"


class Unreadable(Exception):
    """The value was encrypted with a key that is not known here, or was changed since."""


class Cipher:
    """Encrypts and decrypts values with the keys of this installation."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, value: str) -> str:
        """The value as it may stand in the repository."""
        return PREFIX + self._fernet.encrypt(value.encode()).decode()

    def decrypt(self, value: str) -> str:
        """The value in clear. Raises `Unreadable`."""
        try:
            return self._fernet.decrypt(value.removeprefix(PREFIX).encode()).decode()
        except InvalidToken:
            raise Unreadable from None

    def decrypted(self, source: PropertySource) -> PropertySource:
        """The source in clear. What cannot be decrypted becomes `invalid.<key>`, as in Spring Cloud Config."""
        return PropertySource(source.name, dict(self._clear(key, value) for key, value in source.source.items()))

    def _clear(self, key: str, value: Scalar) -> tuple[str, Scalar]:
        if not is_encrypted(value):
            return key, value
        try:
            return key, self.decrypt(str(value))
        except Unreadable:
            return f"invalid.{key}", UNREADABLE


def is_encrypted(value: object) -> bool:
    """Whether the value is a secret."""
    return isinstance(value, str) and value.startswith(PREFIX)
