"""Accounts and their rules."""

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.users.domain.passwords import password_problem
from apps.users.domain.refusals import InvalidAccount

MAX_NAME_LENGTH = 100
MAX_EMAIL_LENGTH = 254  # RFC 5321, with its erratum 1690

# Control characters, halves of surrogate pairs, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Role(StrEnum):
    """What an account may do beside minding its own business."""

    CUSTOMER = "customer"
    MANAGER = "manager"
    ADMIN = "admin"


class Language(StrEnum):
    """The languages in which the system writes to people, by ISO 639-1."""

    ENGLISH = "en"
    RUSSIAN = "ru"


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody hands in to get an account. The address is in its normal form already."""

    email: str
    password: str = field(repr=False)
    name: str
    language: Language = Language.ENGLISH

    def checked(self) -> "Registration":
        """The registration with its name trimmed. Raises `InvalidAccount`."""
        name = self.name.strip()
        password = password_problem(self.password, {self.email, name})
        _refuse({"name": _name_problem(name), "password": password})
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in while active. `version` grows with every change that is told."""

    id: UUID
    email: str
    name: str
    roles: frozenset[Role]
    password_hash: str = field(repr=False)
    created_at: datetime
    version: int = 1
    language: Language = Language.ENGLISH
    active: bool = True

    @property
    def is_active_admin(self) -> bool:
        """Whether this is one of those who may administer."""
        return self.active and Role.ADMIN in self.roles

    def changed(self, **fields: object) -> "Account":
        """The account with other fields and the next version; itself when nothing is another."""
        other = replace(self, **fields)  # type: ignore[arg-type] # the fields are those of the class
        return self if other == self else replace(other, version=self.version + 1)

    def with_profile(self, name: str | None, language: Language | None) -> "Account":
        """The account with another name or language, None leaving what is. Raises `InvalidAccount`."""
        wanted = self.name if name is None else name.strip()
        _refuse({"name": _name_problem(wanted)})
        return self.changed(name=wanted, language=language or self.language)

    def check_new_password(self, password: str) -> None:
        """Raises `InvalidAccount` when the account cannot have this password."""
        _refuse({"new_password": password_problem(password, {self.email, self.name})})


def _refuse(problems: dict[str, str | None]) -> None:
    errors = {field: [problem] for field, problem in problems.items() if problem is not None}
    if errors:
        raise InvalidAccount(errors)


def _name_problem(name: str) -> str | None:
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        return f"Must be 1 to {MAX_NAME_LENGTH} characters long."
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        return "Must not contain control characters."
    return None
