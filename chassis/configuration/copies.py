"""The last-known-good copy: on disk, encrypted under a key that only the service itself can make.

It may hold secrets that the configuration service has decrypted, so nothing of it is in clear. Who has the volume but
not the service's password can neither read nor forge it.
"""

import base64
import json
import os
import secrets

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chassis.configuration.client import Given
from chassis.configuration.reach import ConfigurationReach
from chassis.logs import get_logger

log = get_logger()


class LastKnownGood:
    """The copy of one application's settings under its profiles and label; its replicas share it."""

    def __init__(self, reach: ConfigurationReach) -> None:
        name = f"{reach.config_application}-{reach.config_profile}-{reach.config_label.replace('/', '_')}.copy"
        self._path = reach.config_copies / name
        # The password is random and long, so no slow derivation is needed.
        password = reach.config_password.get_secret_value().encode()
        key = HKDF(SHA256(), 32, salt=None, info=b"last-known-good configuration").derive(password)
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def read(self) -> Given | None:
        """The copy, or None when there is none that can be read."""
        try:
            held = json.loads(self._fernet.decrypt(self._path.read_bytes()))
            return Given(held["commit"], held["values"])
        except FileNotFoundError:
            return None
        except (OSError, InvalidToken, ValueError, KeyError, TypeError) as error:
            log.warning("configuration_copy_unreadable", reason=type(error).__name__, file=self._path.name)
            return None

    def write(self, given: Given) -> None:
        """Replaces the copy in one step. Failing is no reason to stop: it is only missed when it is needed."""
        content = self._fernet.encrypt(json.dumps({"commit": given.commit, "values": given.values}).encode())
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            draft.replace(self._path)
        except OSError as error:
            log.warning("configuration_copy_not_written", reason=str(error))
