"""How accounts are shown."""

from typing import Any

from apps.users.domain.accounts import Account
from chassis.times import rfc3339


def shown(account: Account) -> dict[str, Any]:
    """The account as `UserSchema` has it: nothing of its password."""
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "language": account.language,
        "roles": sorted(account.roles),
        "active": account.active,
        "created_at": rfc3339(account.created_at),
    }
