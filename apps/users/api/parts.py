"""What the API needs; the bootstrap and the tests each bring their own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from apps.users.repositories import UnitOfWorkFactory
from apps.users.service.passwords import PasswordGuard
from apps.users.service.sessions import SessionKeeper
from chassis.health import Health
from chassis.http.keys import KeySource
from chassis.settings import TokenSettings


@dataclass(frozen=True)
class ApiParts:
    """The collaborators of the views."""

    unit_of_work: UnitOfWorkFactory
    guard: PasswordGuard
    keeper: SessionKeeper
    keys: KeySource
    token_settings: TokenSettings
    registration_open: Callable[[], bool]
    health: Health = field(default_factory=Health)
    outages: tuple[type[Exception], ...] = ()
