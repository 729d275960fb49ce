"""What the API needs; the bootstrap and the tests each bring their own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from apps.users.passwords import Passwords
from apps.users.service import UnitOfWork
from apps.users.tokens import TokenIssuer
from chassis.health import Health
from chassis.http.keys import KeySource
from chassis.settings import TokenSettings


@dataclass(frozen=True)
class ApiParts:
    """The collaborators of the views."""

    unit_of_work: Callable[[], UnitOfWork]
    passwords: Passwords
    issuer: TokenIssuer
    keys: KeySource
    token_settings: TokenSettings
    health: Health = field(default_factory=Health)
    outages: tuple[type[Exception], ...] = ()
