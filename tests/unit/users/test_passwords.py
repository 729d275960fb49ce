"""Password hashes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.users.passwords import Passwords
from tests.unit.users.fakes import CHEAP


def test_right_password_matches(passwords: Passwords) -> None:
    """A hash knows its own password."""
    assert passwords.matches(passwords.hash("correct horse battery"), "correct horse battery")


def test_wrong_password_does_not(passwords: Passwords) -> None:
    """And no other."""
    assert not passwords.matches(passwords.hash("correct horse battery"), "wrong horse battery")


def test_nobody_has_no_password(passwords: Passwords) -> None:
    """Without an account nothing matches."""
    assert not passwords.matches(None, "correct horse battery")


def test_hashes_are_argon2id_and_salted(passwords: Passwords) -> None:
    """Two hashes of one password differ, and say how they were made."""
    first, second = passwords.hash("correct horse battery"), passwords.hash("correct horse battery")
    assert first != second
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")


def test_composed_or_not(passwords: Passwords) -> None:
    """The same letters match, however the keyboard sent them."""
    assert passwords.matches(passwords.hash("gru\u0308ner Garten"), "gr\u00fcner Garten")


def test_half_a_surrogate_pair(passwords: Passwords) -> None:
    """JSON can hold what UTF-8 cannot."""
    assert passwords.matches(passwords.hash("a\ud800bcdefghijkl"), "a\ud800bcdefghijkl")


def test_spoilt_hash_matches_nothing(passwords: Passwords) -> None:
    """A hash that is none lets nobody in."""
    assert not passwords.matches("spoilt", "correct horse battery")


def test_hashes_have_threads_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask, hashes are computed in as many threads as the container has memory for, and in all of them."""
    passwords = Passwords(CHEAP)
    used: set[int] = set()
    all_at_work = threading.Barrier(CHEAP.at_once, timeout=10)

    class Slow:
        def hash(self, _password: bytes) -> str:
            used.add(threading.get_ident())
            all_at_work.wait()
            return "hash"

    monkeypatch.setattr(passwords, "_hasher", Slow())
    with ThreadPoolExecutor(6) as callers:
        assert list(callers.map(passwords.hash, "abcdef")) == ["hash"] * 6
    assert len(used) == CHEAP.at_once
