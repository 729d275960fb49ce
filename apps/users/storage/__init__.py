"""The service's data in PostgreSQL: one module for each kind of thing, and the transaction over all of them."""

from apps.users.storage.accounts import AccountRows
from apps.users.storage.clients import ClientRows
from apps.users.storage.keys import SigningKeyRows
from apps.users.storage.log_ins import FailedLogInRows
from apps.users.storage.sessions import SessionRows
from chassis.storage import postgres


class UnitOfWork(postgres.UnitOfWork):
    """One transaction of the users service."""

    @property
    def accounts(self) -> AccountRows:
        """The accounts."""
        return AccountRows(self.connection)

    @property
    def sessions(self) -> SessionRows:
        """The sessions and their refresh tokens."""
        return SessionRows(self.connection)

    @property
    def failed_log_ins(self) -> FailedLogInRows:
        """The log-ins that failed lately."""
        return FailedLogInRows(self.connection)

    @property
    def clients(self) -> ClientRows:
        """The OAuth 2.0 clients."""
        return ClientRows(self.connection)

    @property
    def signing_keys(self) -> SigningKeyRows:
        """The signing keys."""
        return SigningKeyRows(self.connection)
