"""Mails to a real server: both parts, a log-in under TLS, and an outage that loses and doubles none."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apps.notifications.domain.kinds import Language
from apps.notifications.letters import letter
from apps.notifications.mailing import Mailing, Patience
from apps.notifications.settings import SmtpSettings
from apps.notifications.smtp import ServerAway, SmtpPost
from tests.freezing import freeze
from tests.integration.notifications.conftest import Notifications
from tests.integration.servers import Mailpit, mailpit_server
from tests.polling import eventually
from tests.unit.notifications.test_letters import mail

NAME, PASSWORD = "quadrille", "correct-horse"


def settings(server: Mailpit, **changes: object) -> SmtpSettings:
    """With short pauses."""
    short = {"smtp_server": server.smtp_address, "smtp_starttls": False, "smtp_backoff_seconds": 0.05,
             "smtp_backoff_cap_seconds": 0.2, "smtp_timeout": 3}  # fmt: skip
    return SmtpSettings(**{**short, **changes})  # type: ignore[arg-type] # as the environment does


def mailing(notifications: Notifications, chosen: SmtpSettings) -> Mailing:
    patience = Patience(chosen.backoff, chosen.mail_patience)
    post = SmtpPost(lambda: chosen)
    return Mailing(notifications.uow, post, chosen.mail_from, lambda: patience, lambda: True, chosen.smtp_connections)


@pytest.fixture(scope="module")
def mailpit() -> Iterator[Mailpit]:
    """One that asks for nothing."""
    with mailpit_server({"MP_ENABLE_CHAOS": "true"}) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mailpit, Path]]:
    """One that offers TLS and wants a log-in; and who vouches for it."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder)
    environment = {"MP_SMTP_TLS_CERT": "/tls/cert.pem", "MP_SMTP_TLS_KEY": "/tls/key.pem",
                   "MP_SMTP_AUTH": f"{NAME}:{PASSWORD}"}  # fmt: skip
    with mailpit_server(environment, {folder: "/tls"}) as server:
        yield server, folder / "cert.pem"


def make_certificate(folder: Path) -> None:
    """A key, and a certificate of it for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mailpit")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(encoding))


def test_mail_has_both_parts(notifications: Notifications, mailpit: Mailpit) -> None:
    """As its reader gets it: in their language, with the order's whole id in each."""
    user = notifications.add_user(name="Ада", language=Language.RUSSIAN)
    (mail_id,) = notifications.tell(user)
    mailing(notifications, settings(mailpit)).attempt(mail_id)
    (received,) = mailpit.mails_to(str(user.email))
    with notifications.uow() as uow:
        (told,), _ = uow.notifications.page(user.id, unread=None, first=0, count=1)
    assert (received["Subject"], received["MessageID"]) == ("Заказ подтверждён", f"{mail_id}@quadrille.example")
    assert received["To"] == [{"Name": "Ада", "Address": user.email}]
    for part in (received["Text"], received["HTML"]):
        assert "Ада" in part
        assert str(told.order_id) in part
    sent = "SELECT count(*) FROM deliveries WHERE id = :id AND status = 'sent' AND answer LIKE '250%'"
    assert notifications.number(sent, id=mail_id) == 1


def test_outage_delays_mails_and_loses_none(notifications: Notifications, mailpit: Mailpit) -> None:
    """The server stops while mails go out, and comes back: each has arrived, once."""
    users = [notifications.add_user() for _ in range(40)]
    mails = [notifications.tell(user)[0] for user in users]
    office = mailing(notifications, settings(mailpit))
    freeze(mailpit.container.get_wrapped_container().pause)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(office.attempt, mails[:20]))
        assert notifications.number("SELECT count(*) FROM deliveries WHERE status = 'pending'") >= 40
        mailpit.container.get_wrapped_container().unpause()

        def all_sent() -> None:
            list(pool.map(office.attempt, mails))
            assert notifications.number("SELECT count(*) FROM deliveries WHERE status = 'sent' AND id = ANY(:ids)",
                                        ids=mails) == len(mails)  # fmt: skip

        eventually(all_sent, seconds=30)
    assert [len(mailpit.mails_to(str(user.email))) for user in users] == [1] * len(users)


def test_mail_to_a_refused_recipient_is_not_tried_again(notifications: Notifications, mailpit: Mailpit) -> None:
    """The server's word is final; the next mail goes out."""
    user = notifications.add_user()
    first, second = notifications.tell(user) + notifications.tell(user)
    office = mailing(notifications, settings(mailpit))
    mailpit.refuse_recipients(550)
    office.attempt(first)
    mailpit.refuse_recipients(None)
    office.attempt(first)
    refused = "SELECT count(*) FROM deliveries WHERE id = :id AND status = 'failed' AND answer LIKE '550%'"
    assert notifications.number(refused, id=first) == 1
    assert mailpit.mails_to(str(user.email)) == []
    office.attempt(second)
    assert len(mailpit.mails_to(str(user.email))) == 1


def test_log_in_under_tls(guarded: tuple[Mailpit, Path]) -> None:
    """By settings alone."""
    server, ca_file = guarded
    chosen = settings(server, smtp_starttls=True, smtp_ca_file=ca_file, smtp_user=NAME, smtp_password=PASSWORD)
    written = mail()
    assert SmtpPost(lambda: chosen).send(letter(written, chosen.mail_from), "tls@example.com").startswith("250")


@pytest.mark.parametrize(
    "changes",
    [{"smtp_user": NAME, "smtp_password": "wrong"}, {"smtp_ca_file": None}, {"smtp_user": None, "smtp_password": None}],
    ids=["wrong password", "nobody vouches for it", "no log-in"],
)
def test_server_that_does_not_take_us_is_waited_for(guarded: tuple[Mailpit, Path], changes: dict[str, object]) -> None:
    """A mistake in the settings must not cost a mail."""
    server, ca_file = guarded
    right = {"smtp_starttls": True, "smtp_ca_file": ca_file, "smtp_user": NAME, "smtp_password": PASSWORD}
    chosen = settings(server, **{**right, **changes})
    with pytest.raises(ServerAway):
        SmtpPost(lambda: chosen).send(letter(mail(), chosen.mail_from), "tls@example.com")
