"""The command that makes the next signing key: `python -m apps.users.rotate_keys`. It ends when the key signs.

Nobody is logged out: the keys before it are published until the last token of them has expired.
"""

import time

from apps.users.bootstrap import parts
from apps.users.service.keys import rotate
from apps.users.settings import RotationSettings
from chassis.logs import get_logger
from chassis.settings import load_settings
from chassis.times import utc_now

log = get_logger()


def main() -> None:
    """Rotates, and waits."""
    settings = load_settings(RotationSettings, "users-rotate-keys")
    users = parts(settings)
    rules = settings.key_rules()
    key = rotate(users.unit_of_work(), settings.key_cipher(), rules)
    users.close()
    log.info("signing_key_published", kid=key.kid, signs_in_seconds=rules.lead.total_seconds())
    time.sleep(max(0.0, (key.signs_from - utc_now()).total_seconds()))
    log.info("signing_key_in_use", kid=key.kid)


if __name__ == "__main__":
    main()
