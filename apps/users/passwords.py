"""Password hashes: argon2id. Checking costs the same whether or not there is an account."""

import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError


@dataclass(frozen=True, slots=True)
class HashCost:
    """The parameters of argon2id (RFC 9106), and how many hashes this process may compute at one time."""

    memory_kib: int
    passes: int
    lanes: int
    at_once: int


class Passwords:
    """Makes and checks password hashes, never more at one time than the memory of the container allows."""

    def __init__(self, cost: HashCost) -> None:
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        # Threads of its own: the C library keeps what one has freed, so each that ever hashed would hold memory.
        self._pool = ThreadPoolExecutor(cost.at_once, thread_name_prefix="hash")
        self._nobodys = self.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """The hash to store, its parameters and salt included."""
        return self._pool.submit(self._hasher.hash, _octets(password)).result()

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one of the stored hash; no hash takes as long as a wrong password."""
        try:
            self._pool.submit(self._hasher.verify, stored or self._nobodys, _octets(password)).result()
        except (VerifyMismatchError, InvalidHashError):
            return False
        return stored is not None


def _octets(password: str) -> bytes:
    # One password typed on two systems can differ in its code points; JSON can hold half a surrogate pair.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
