"""What the API needs; the bootstrap and the tests each bring their own."""

from dataclasses import dataclass, field

from apps.notifications.feed import Feed
from apps.notifications.repositories import UnitOfWorkFactory
from chassis.health import Health
from chassis.http.keys import KeySource
from chassis.settings import TokenSettings


@dataclass(frozen=True)
class ApiParts:
    """The collaborators of the views."""

    unit_of_work: UnitOfWorkFactory
    feed: Feed
    keys: KeySource
    token_settings: TokenSettings
    health: Health = field(default_factory=Health)
    outages: tuple[type[Exception], ...] = ()
