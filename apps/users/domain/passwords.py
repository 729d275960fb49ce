"""What a password must be, after NIST SP 800-63B: long, and none that all try first, whatever it is made of."""

from collections.abc import Collection
from pathlib import Path

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 256

_LIST = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
_COMMON = frozenset(line for line in _LIST if line and not line.startswith("#"))

_LOOKALIKES = str.maketrans("0134578@$!|", "oieastbasil")


def password_problem(password: str, personal: Collection[str]) -> str | None:
    """What is wrong with the password of somebody with these names and addresses, or None."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        return f"Must be {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters long."
    if is_common(password):
        return "Is too common: it is among the first that anybody would try."
    if password.casefold() in {each.casefold() for each in personal}:
        return "Must not be the name or the e-mail address."
    return None


def is_common(password: str) -> bool:
    """Whether it is on the list, in any case, also with digits and signs around it, or repeated: P@ssw0rd1234."""
    text = password.casefold()
    return text in _COMMON or _is_repeated_word(_letters(text))


def _letters(text: str) -> str:
    inner = text.strip("".join({each for each in text if not each.isalpha()}))
    return "".join(filter(str.isalpha, inner.translate(_LOOKALIKES)))


def _is_repeated_word(letters: str) -> bool:
    return any(
        letters[:length] in _COMMON and letters == letters[:length] * (len(letters) // length)
        for length in range(1, len(letters) + 1)
    )
