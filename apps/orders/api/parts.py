"""What the API needs; the bootstrap and the tests each bring their own."""

from dataclasses import dataclass, field

from apps.orders.repositories import Availability, Catalogue, Orders
from chassis.health import Health
from chassis.http.keys import KeySource
from chassis.settings import TokenSettings


@dataclass(frozen=True)
class ApiParts:
    """The collaborators of the views."""

    orders: Orders
    catalogue: Catalogue
    availability: Availability
    keys: KeySource
    token_settings: TokenSettings
    health: Health = field(default_factory=Health)
    outages: tuple[type[Exception], ...] = ()
