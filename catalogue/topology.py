"""Writes rabbitmq/definitions.json from the catalogue: `make topology`; with --check, says whether it is up to date."""

import json
import sys
from pathlib import Path

from catalogue import SERVICES, published, subscriptions
from chassis.messaging.events import event_type
from chassis.messaging.topology import definitions

TARGET = Path(__file__).parents[1] / "rabbitmq" / "definitions.json"


def unpublished() -> list[str]:
    """Subscriptions to events that their publisher does not have, in words."""
    types = {service: {event_type(model) for model in published(service)} for service in SERVICES}
    return [
        f"{each.service} listens to {wanted.event_type} of {wanted.publisher}, which does not publish it"
        for each in subscriptions()
        for wanted in each
        if wanted.event_type not in types.get(wanted.publisher, set())
    ]


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    mistakes = unpublished()
    text = json.dumps(definitions(SERVICES, subscriptions()), indent=2) + "\n"
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
