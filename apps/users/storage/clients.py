"""OAuth 2.0 clients in PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, column, delete, select, table
from sqlalchemy.dialects.postgresql import insert

from apps.users.domain.oauth import Client

_clients = table("oauth_clients", *map(column, ("id", "secret_hash", "scopes")))


class ClientRows:
    """See `apps.users.repositories.Clients`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, client_id: str) -> Client | None:
        """By its key."""
        row = self._connection.execute(select(_clients).where(_clients.c.id == client_id)).one_or_none()
        return None if row is None else _client(row)

    def all(self) -> Sequence[Client]:
        """All rows."""
        return [_client(row) for row in self._connection.execute(select(_clients))]

    def put(self, client: Client) -> None:
        """Adds or replaces the row, also when another does so at the same time."""
        values = {"secret_hash": client.secret_hash, "scopes": sorted(client.scopes)}
        putting = insert(_clients).values(id=client.id, **values)
        self._connection.execute(putting.on_conflict_do_update(index_elements=["id"], set_=values))

    def remove(self, client_id: str) -> None:
        """Deletes the row."""
        self._connection.execute(delete(_clients).where(_clients.c.id == client_id))


def _client(row: Row[Any]) -> Client:
    return Client(row.id, row.secret_hash, frozenset(row.scopes))
