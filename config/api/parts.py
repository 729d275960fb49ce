"""What the API needs; the bootstrap and the tests each bring their own."""

from dataclasses import dataclass, field

from chassis.health import Health
from chassis.http.keys import KeySource
from chassis.settings import TokenSettings
from config.api.access import Access
from config.changes import Changes
from config.remote import Remote
from config.service import Configuration


@dataclass(frozen=True)
class ApiParts:
    """The collaborators of the views."""

    configuration: Configuration
    access: Access
    changes: Changes
    keys: KeySource
    token_settings: TokenSettings
    remote: Remote | None = None
    health: Health = field(default_factory=Health)
