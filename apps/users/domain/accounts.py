"""Accounts, their rules, and the refusals that these lead to.

Refusal
├── InvalidRegistration   something about the name or the password will not do
├── EmailTaken            somebody has registered with this address
├── InvalidCredentials    no account with this address and this password
└── UnknownAccount        there is no such account
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

MIN_PASSWORD_LENGTH = 12  # NIST SP 800-63B asks for length, and for no rules of composition
MAX_PASSWORD_LENGTH = 256
MAX_NAME_LENGTH = 100
MAX_EMAIL_LENGTH = 254  # RFC 5321, with its erratum 1690

# Control characters, halves of surrogate pairs, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Role(StrEnum):
    """What an account may do beside minding its own business."""

    CUSTOMER = "customer"
    MANAGER = "manager"
    ADMIN = "admin"


class Refusal(Exception):
    """The service will not do what was asked; the message tells the customer why."""

    code: ClassVar[str]


class InvalidRegistration(Refusal):
    """Something about the name or the password will not do; `errors` says what, by field."""

    code = "validation_error"

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("The account cannot be made like this.")
        self.errors = errors


class EmailTaken(Refusal):
    """Somebody has registered with this address."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("There is an account with this e-mail address already.")


class InvalidCredentials(Refusal):
    """No account with this address and this password. Which of the two is wrong stays unsaid."""

    code = "invalid_credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class UnknownAccount(Refusal):
    """There is no such account."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such account.")


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody hands in to get an account. The address is in its normal form already."""

    email: str
    password: str = field(repr=False)
    name: str

    def checked(self) -> "Registration":
        """The registration with its name trimmed. Raises `InvalidRegistration`."""
        name = self.name.strip()
        problems = {"name": _name_problem(name), "password": _password_problem(self.password)}
        errors = {field: [problem] for field, problem in problems.items() if problem is not None}
        if errors:
            raise InvalidRegistration(errors)
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in. `version` grows with every change."""

    id: UUID
    email: str
    name: str
    roles: frozenset[Role]
    password_hash: str = field(repr=False)
    created_at: datetime
    version: int = 1


def _name_problem(name: str) -> str | None:
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        return f"Must be 1 to {MAX_NAME_LENGTH} characters long."
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        return "Must not contain control characters."
    return None


def _password_problem(password: str) -> str | None:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        return f"Must be {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters long."
    return None
