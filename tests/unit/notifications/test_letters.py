"""Letters: two parts, two languages, and nothing smuggled into a header or into HTML."""

from dataclasses import replace
from uuid import UUID

import pytest

from apps.notifications.domain.kinds import Kind, Language
from apps.notifications.domain.notifications import Mail, Notification, User
from apps.notifications.letters import UnwritableLetter, letter
from chassis.identifiers import new_id
from chassis.times import utc_now
from tests.unit.notifications.test_texts import notification

SENDER = "Quadrille <orders@quadrille.example>"
ADA = User(new_id(), "ada@example.com", "Ada Lovelace")
ORDER = UUID("0199c1a0-7e1b-7c3a-9d55-0c7f2a6b1e10")


def mail(recipient: User = ADA, told: Notification | None = None) -> Mail:
    return Mail(new_id(), told or notification(Kind.ORDER_CONFIRMED), recipient, 1, utc_now())


def parts(written: Mail) -> tuple[str, str]:
    """Text and HTML, as a reader's program decodes them."""
    message = letter(written, SENDER)
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content(), html.get_content()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_mailed(kind: Kind, language: Language) -> None:
    """In both parts: the name, and the whole id of the order."""
    told = notification(kind)
    for part in parts(mail(replace(ADA, language=language), told)):
        assert ADA.name in part
        assert str(told.order_id or "") in part


def test_both_parts_list_what_was_ordered() -> None:
    """With the sum."""
    for part in parts(mail()):
        assert "TEA-GREEN-100" in part
        assert "25.00 EUR" in part


def test_headers_say_what_it_is() -> None:
    """To whom, from whom, about what, and that no answer is awaited."""
    written = mail(replace(ADA, language=Language.RUSSIAN))
    message = letter(written, SENDER)
    assert message["To"] == "Ada Lovelace <ada@example.com>"
    assert message["From"] == SENDER
    assert message["Subject"] == "Заказ подтверждён"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "ru"


def test_message_id_is_the_same_at_each_attempt() -> None:
    """So that a receiver can tell a repetition."""
    written = mail()
    again = replace(written, attempts=7)
    assert letter(written, SENDER)["Message-ID"] == f"<{written.id}@quadrille.example>"
    assert (
        letter(again, SENDER).as_bytes().split(b"\r\n\r\n")[0].split(b"boundary")[0]
        == (letter(written, SENDER).as_bytes().split(b"\r\n\r\n")[0].split(b"boundary")[0])
    )


@pytest.mark.parametrize("name", ["Eve\r\nBcc: all@example.com", "Eve\nSubject: x", "Eve\u2028\x00Subject: x"])
def test_name_cannot_add_a_header(name: str) -> None:
    """Line feeds in it become blanks."""
    raw = letter(mail(replace(ADA, name=name)), SENDER).as_bytes()
    head = raw.split(b"\r\n\r\n", 1)[0]
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n") if line and not line.startswith((b" ", b"\t"))]
    assert b"bcc" not in names
    assert names.count(b"subject") == 1


@pytest.mark.parametrize("address", ["eve@example.com\r\nBcc: all@example.com", "eve", "", "a@b, c@d"])
def test_address_cannot_add_anything(address: str) -> None:
    """What is not exactly one address is not written to."""
    with pytest.raises(UnwritableLetter):
        letter(mail(replace(ADA, email=address)), SENDER)


def test_html_is_escaped_and_text_is_not() -> None:
    """A name is shown as it was typed, and never runs."""
    text, html = parts(mail(replace(ADA, name="<script>alert('&')</script>")))
    assert "<script>alert('&')</script>" in text
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_details_are_escaped_too() -> None:
    """Wherever a text comes from."""
    details = {"lines": [{"sku": "<b>", "quantity": 1}], "total": {"amount": "<i>", "currency": "EUR"}}
    told = Notification(new_id(), ADA.id, 1, Kind.ORDER_SHIPPED, details, ORDER, utc_now())
    _, html = parts(mail(told=told))
    assert "<b>" not in html
    assert "<i>" not in html


def test_foreign_characters_in_an_address() -> None:
    """The message is then one for servers that take them."""
    message = letter(mail(replace(ADA, email="дада@пример.рф")), SENDER)
    assert "дада@пример.рф".encode() in message.as_bytes()
