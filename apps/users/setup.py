"""The one-off job before the service starts: `python -m apps.users.setup`. Running it again changes nothing.

It migrates the database, makes the first signing key, and the clients and accounts that the environment names.
"""

from pydantic import SecretStr

from apps.users.bootstrap import Users, parts
from apps.users.domain.accounts import Registration, Role
from apps.users.domain.refusals import InvalidAccount
from apps.users.passwords import Passwords
from apps.users.service.accounts import ensure_account
from apps.users.service.keys import ensure_signing_key
from apps.users.service.oauth import ensure_clients
from apps.users.settings import DemoSettings, SetupSettings
from apps.users.signing import NoSigningKey
from chassis.logs import get_logger, stop_with
from chassis.settings import load_settings

NAME = "users-setup"

log = get_logger()


def main() -> None:
    """Takes all steps, or ends with a sentence on what is wrong."""
    settings = load_settings(SetupSettings, NAME)
    demo = load_settings(DemoSettings, NAME) if settings.demo_data else None
    users = parts(settings)
    users.migrate()
    log.info("database_migrated")
    make_signing_key(users)
    passwords = Passwords(settings.hash_cost())
    changed = ensure_clients(users.unit_of_work(), passwords, settings.oauth_clients)
    log.info("oauth_clients_present", clients=[each.id for each in settings.oauth_clients], changed=changed)
    make_account(users, passwords, Role.ADMIN, settings.admin_email, settings.admin_password)
    if demo is not None:
        make_account(users, passwords, Role.MANAGER, demo.manager_email, demo.manager_password)
        make_account(users, passwords, Role.CUSTOMER, demo.customer_email, demo.customer_password)
    users.close()


def make_signing_key(users: Users[SetupSettings]) -> None:
    """The first one; present ones are tried, and encrypted anew when there is a new secret."""
    try:
        made = ensure_signing_key(users.unit_of_work(), users.settings.key_cipher())
    except NoSigningKey as problem:
        stop_with(str(problem))
    log.info("signing_key_present", made=made is not None)


def make_account(
    users: Users[SetupSettings], passwords: Passwords, role: Role, email: str, password: SecretStr
) -> None:
    """The account of a role. One that is there keeps its password, whatever the environment says."""
    registration = Registration(email, password.get_secret_value(), role.title())
    try:
        made = ensure_account(users.unit_of_work(), passwords, registration, role)
    except InvalidAccount as refusal:
        stop_with(f"The setting {role.upper()}_PASSWORD is wrong: {' '.join(refusal.errors['password'])}")
    log.info("account_present", role=role.value, made=made is not None)


if __name__ == "__main__":
    main()
