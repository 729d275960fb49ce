"""Words: a notification's title and body in its reader's language, from the templates in templates/.

A template of a kind gives plain text, which is never escaped here: JSON and the page do that by themselves, and mails
in `mail.py`.
"""

from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from apps.notifications.domain.kinds import Kind, Language
from apps.notifications.domain.notifications import Notification

LOADER = PackageLoader("apps.notifications")

# Plain text, see above: what goes into HTML is escaped by the templates that make HTML.
_plain = Environment(loader=LOADER, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701


@dataclass(frozen=True)
class Words:
    """A notification as people read it."""

    title: str
    body: str


def words(notification: Notification, language: Language) -> Words:
    """The notification in that language."""
    template = _template(language, notification.kind)
    known = {**notification.details, "order_id": notification.order_id}
    return Words(_block(template, "title", known), _block(template, "body", known))


@lru_cache
def _template(language: Language, kind: Kind) -> Template:
    return _plain.get_template(f"{language}/{kind}.txt")


def _block(template: Template, name: str, known: dict[str, object]) -> str:
    text = "".join(template.blocks[name](template.new_context(known)))
    return " ".join(text.split())
