"""Writes rabbitmq/definitions.json from the catalogue: `make topology`; with --check, says whether it is up to date."""

import json
import sys
from pathlib import Path

from catalogue import SERVICES, live_interests, published, subscriptions
from catalogue.definitions import definitions
from chassis.messaging.events import event_type

TARGET = Path(__file__).parents[1] / "rabbitmq" / "definitions.json"


def unpublished() -> list[str]:
    """Events that somebody listens to and their publisher does not have, in words."""
    types = {service: {event_type(model) for model in published(service)} for service in SERVICES}
    heard = [(each.service, wanted.publisher, wanted.event_type) for each in subscriptions() for wanted in each]
    heard += [(each.service, *event) for each in live_interests() for event in each.events]
    return [
        f"{service} listens to {kind} of {publisher}, which does not publish it"
        for service, publisher, kind in heard
        if kind not in types.get(publisher, set())
    ]


def unheard() -> list[tuple[str, str]]:
    """Publishers and types of the events that no service has a queue for."""
    heard = {(wanted.publisher, wanted.event_type) for each in subscriptions() for wanted in each}
    told = {(service, event_type(model)) for service in SERVICES for model in published(service)}
    return sorted(told - heard)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    mistakes = unpublished()
    text = json.dumps(definitions(SERVICES, subscriptions(), live_interests(), unheard()), indent=2) + "\n"
    if arguments == ["--check"]:
        if not TARGET.exists() or TARGET.read_text() != text:
            mistakes.append(f"{TARGET.name} is out of date: run `make topology` and commit it")
    elif not mistakes:
        TARGET.write_text(text)
    for mistake in mistakes:
        print(mistake, file=sys.stderr)  # noqa: T201 - a command line tool
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
