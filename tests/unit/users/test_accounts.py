"""The rules of accounts, and the normal form of addresses."""

import pytest

from apps.users.addresses import normal_form
from apps.users.domain.refusals import InvalidAccount
from tests.unit.users.fakes import a_registration


def test_name_is_trimmed() -> None:
    """Blanks around a name do not belong to it."""
    assert a_registration(name="  Ada ").checked().name == "Ada"


@pytest.mark.parametrize("name", ["", "   ", "a" * 101, "A\x00da", "A\nda", "A\x7fda", "A\u2028da", "A\ud800da"])
def test_unfit_names(name: str) -> None:
    """Empty, endless and unprintable names are refused, the name alone being blamed."""
    with pytest.raises(InvalidAccount) as refusal:
        a_registration(name=name).checked()
    assert list(refusal.value.errors) == ["name"]


@pytest.mark.parametrize("name", ["Z", "Ada Lovelace", "Đặng Thị", "O'Neill-Smith", "नी", "李", "a" * 100])
def test_names_of_the_world(name: str) -> None:
    """A name may have the letters of any language."""
    assert a_registration(name=name).checked().name == name


@pytest.mark.parametrize("length", [0, 11, 257])
def test_unfit_passwords(length: int) -> None:
    """Too short and too long passwords are refused."""
    with pytest.raises(InvalidAccount) as refusal:
        a_registration(password="x" * length).checked()
    assert list(refusal.value.errors) == ["password"]


@pytest.mark.parametrize("password", ["x" * 12, "x" * 256, "            ", "сапог-валенок"])
def test_password_needs_length_only(password: str) -> None:
    """There are no rules about what a password is made of."""
    assert a_registration(password=password).checked().password == password


def test_all_mistakes_are_told() -> None:
    """Whoever errs twice learns both at once."""
    with pytest.raises(InvalidAccount) as refusal:
        a_registration(name="", password="").checked()
    assert set(refusal.value.errors) == {"name", "password"}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada.L@EXAMPLE.com", "ada.l@example.com"),
        ("ada+tag@sub.example.test", "ada+tag@sub.example.test"),
        ("u\u0308ber@example.com", "über@example.com"),
        ("ada@xn--mnchen-3ya.de", "ada@münchen.de"),
    ],
)
def test_addresses_have_one_form(text: str, address: str) -> None:
    """What reaches the same mailbox is written in the same way."""
    assert normal_form(text) == address


@pytest.mark.parametrize("text", ["", "ada", "ada@", "@example.com", "a b@example.com", "a@b@c.org", "a\ud800@b.org"])
def test_no_addresses(text: str) -> None:
    """What is no address has no normal form."""
    assert normal_form(text) is None
