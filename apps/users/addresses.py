"""E-mail addresses: their syntax, without asking DNS, and the normal form that makes them unique."""

from email_validator import EmailNotValidError, validate_email


def normal_form(text: str) -> str | None:
    """The address in lower case, in Unicode's NFC, its domain in letters of its language; None when it is none."""
    try:
        address = validate_email(text, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError):
        return None
    return address.normalized.lower()
