"""What the service will not do, and why.

Refusal
├── InvalidAccount         something about the name or the password will not do
├── RegistrationClosed     nobody may register at this time
├── EmailTaken             somebody has registered with this address
├── InvalidCredentials     no account with this address and this password
├── RefreshTokenInvalid    the refresh token is unknown, too old, or its session has ended
├── RefreshTokenReused     the refresh token was spent before: its session has ended now
├── TooManyLogIns          too many wrong passwords in a short time
├── LastAdmin              nobody would be left who may administer
└── UnknownAccount         there is no such account
"""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """The service will not do what was asked; the message tells the customer why."""

    code: ClassVar[str]


class InvalidAccount(Refusal):
    """Something about the name or the password will not do; `errors` says what, by field."""

    code = "validation_error"

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("The account cannot be like this.")
        self.errors = errors


class RegistrationClosed(Refusal):
    """Nobody may register at this time."""

    code = "registration_closed"

    def __init__(self) -> None:
        super().__init__("Registration is closed at this time.")


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


class RefreshTokenInvalid(Refusal):
    """The refresh token is unknown, too old, or its session has ended. Which of them stays unsaid."""

    code = "refresh_token_invalid"

    def __init__(self) -> None:
        super().__init__("The refresh token is not valid: log in again.")


class RefreshTokenReused(Refusal):
    """The refresh token was spent before. Two have it, and one of them stole it."""

    code = "refresh_token_reused"

    def __init__(self) -> None:
        super().__init__("The refresh token was spent before, so its session has ended: log in again.")


class TooManyLogIns(Refusal):
    """Too many wrong passwords in a short time. `retry_after` is in seconds."""

    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"There were too many wrong passwords: try again in {retry_after} s.")
        self.retry_after = retry_after


class LastAdmin(Refusal):
    """Nobody would be left who may administer."""

    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("This is the last active account with the role admin: give the role to another one first.")


class UnknownAccount(Refusal):
    """There is no such account."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such account.")
