"""Which passwords are refused for being common, and which are not for what they are made of."""

import pytest

from apps.users.domain.passwords import is_common, password_problem


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "PASSWORD1234",
        "P@ssw0rd1234",
        "Password123!",
        "passwordpassword",
        "password password password",
        "qwertyuiop123",
        "iloveyou2024",
        "Welcome12345",
        "letmein!!!!!",
        "administrator",
        "quadrille-quadrille",
        "123456789012",
        "1q2w3e4r5t6y",
        "1Q2W3E4R5T6Y",
        "пароль123456",  # noqa: RUF001 - it is Russian
    ],
)
def test_common(password: str) -> None:
    """What everybody tries first, also in the disguises that everybody thinks of."""
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "the password of my sister",
        "lower case letters only",
        "492817365520",
        "            ",
        "!!!!!!!!!!!!",
        "passwordless summer",
        "ночь, улица, фонарь, аптека",
    ],
)
def test_not_common(password: str) -> None:
    """A phrase that has a common word in it is not common, and neither digits nor letters alone are."""
    assert not is_common(password)


@pytest.mark.parametrize("password", ["ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "Ada Lovelace"])
def test_own_name(password: str) -> None:
    """What is shown on the profile keeps no secret."""
    assert password_problem(password, {"ada.lovelace@example.com", "Ada Lovelace"}) is not None


def test_problem_is_told() -> None:
    """Whoever is refused learns why."""
    assert "too common" in str(password_problem("password1234", ()))
    assert password_problem("correct horse battery", ()) is None
