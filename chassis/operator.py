"""The operators' command line: `docker compose run --rm ops dead-letters …`, `… ops logs …`."""

import json
import sys
from typing import Any

import click
import requests
from pydantic import Field, HttpUrl, SecretStr

from chassis.dead_letters import SUFFIX, DeadLetter, DeadLetters, NeverReplayed, NoWayBack, UnknownQueue, way_back
from chassis.log_search import logs
from chassis.messaging.topology import OPERATOR, VHOST
from chassis.settings import EnvironmentSettings, load_settings

SHOWN = 100
NOTHING_FOUND = 1
USAGE = 2
NOT_TAKEN = 3


class OperatorSettings(EnvironmentSettings):
    """The broker, as the user `operator`, and where its management API is."""

    broker_url: SecretStr = Field(description="RabbitMQ, as the user `operator`")
    rabbitmq_operator_password: SecretStr = Field(description="of the user `operator`")
    rabbitmq_management_url: HttpUrl = Field(
        default=HttpUrl("http://rabbitmq:15672"), description="where RabbitMQ's management API is"
    )
    zipkin_ui_url: str = Field(default="http://127.0.0.1:9411", description="for links to traces")


@click.group()
@click.pass_context
def cli(context: click.Context) -> None:
    """What operators do by hand."""
    context.obj = load_settings(OperatorSettings, "ops")


cli.add_command(logs)


@cli.group("dead-letters")
def dead_letters() -> None:
    """Messages that a service has put aside, and the way back."""


def _queues(settings: OperatorSettings) -> list[str]:
    """All queues that have dead letters behind them, from the management API."""
    answer = requests.get(
        f"{settings.rabbitmq_management_url}api/queues/{VHOST}",
        params={"columns": "name"},
        auth=(OPERATOR, settings.rabbitmq_operator_password.get_secret_value()),
        timeout=10,
    )
    answer.raise_for_status()
    names = (queue["name"] for queue in answer.json())
    return sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))


def _letters(settings: OperatorSettings) -> DeadLetters:
    return DeadLetters(settings.broker_url.get_secret_value())


def _say(value: Any, *, as_json: bool, text: str) -> None:
    click.echo(json.dumps(value, indent=2) if as_json else text)


json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


@dead_letters.command("list")
@json_option
@click.pass_obj
def list_queues(settings: OperatorSettings, *, as_json: bool) -> None:
    """Every queue with its number of dead letters and the oldest one's time."""
    letters = _letters(settings)
    rows = []
    for queue in _queues(settings):
        oldest = letters.letters(queue, 1)
        since = oldest[0].last_failure if oldest else None
        rows.append({"queue": queue, "count": letters.count(queue), "oldest": since})
    lines = [f"{row['queue']:<32}{row['count']:>8}  {row['oldest'] or '-'}" for row in rows]
    _say(rows, as_json=as_json, text="\n".join([f"{'queue':<32}{'count':>8}  oldest", *lines]))


@dead_letters.command()
@click.argument("queue")
@click.option("--id", "event_id", help="Only the letter of this event or task, wherever it lies.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, SHOWN))
@json_option
@click.pass_obj
def show(settings: OperatorSettings, queue: str, event_id: str | None, limit: int, *, as_json: bool) -> None:
    """Reason, attempts, first and last failure, trace and event of the letters of QUEUE; they stay there.

    Attempts are rounds: deliveries that failed, each of them after up to three quick tries.
    """
    found = _letters(settings).letters(queue, limit, lambda letter: event_id in (None, letter.id))
    rows = [_with_link(letter, settings) for letter in found]
    _say(rows, as_json=as_json, text="\n\n".join(_in_words(row) for row in rows) or "no such letter")
    if not rows:
        sys.exit(NOTHING_FOUND)


def _with_link(letter: DeadLetter, settings: OperatorSettings) -> dict[str, Any]:
    row = letter.as_json()
    link = f"{settings.zipkin_ui_url}/zipkin/traces/{row['trace_id']}" if row["trace_id"] else None
    return {**row, "trace": link}


def _in_words(row: dict[str, Any]) -> str:
    shown = ("id", "type", "reason", "attempts", "first_failure", "last_failure", "trace")
    lines = [f"{name.replace('_', ' '):<14}{row[name] if row[name] is not None else '-'}" for name in shown]
    content = json.dumps(row["event"], indent=2) if row["event"] else f"(no event) base64: {row['body_base64']}"
    return "\n".join([*lines, content])


def selection(command: Any) -> Any:
    """The options that say which letters are meant; one of them is needed."""
    for option in (
        click.option("--id", "event_id", help="The letter of this event or task."),
        click.option("--type", "event_type", help="The letters of this event type or task."),
        click.option("--all", "everything", is_flag=True, help="All letters of the queue."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        json_option,
        click.argument("queue"),
    ):
        command = option(command)
    return command


def _wanted(event_id: str | None, event_type: str | None, *, everything: bool) -> Any:
    if not (event_id or event_type or everything):
        raise click.UsageError("say which: --id, --type or --all")
    return lambda letter: event_id in (None, letter.id) and event_type in (None, letter.type)


@dead_letters.command()
@selection
@click.option("--rate", default=50.0, show_default=True, type=click.FloatRange(0, min_open=True), help="A second.")
@click.pass_obj
def replay(  # noqa: PLR0913 - a command has its options
    settings: OperatorSettings,
    queue: str,
    event_id: str | None,
    event_type: str | None,
    rate: float,
    *,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send letters of QUEUE back to it, and to no other. Safe to repeat. Not for private tasks (SERVICE.tasks)."""
    wanted = _wanted(event_id, event_type, everything=everything)
    way_back(queue)  # says no before it asks
    _confirm(f"Send dead letters of {queue} back to it?", yes=yes)
    count = _letters(settings).replay(queue, wanted, rate)
    _finish("replayed", queue, count, as_json=as_json)


@dead_letters.command()
@selection
@click.pass_obj
def purge(  # noqa: PLR0913 - a command has its options
    settings: OperatorSettings,
    queue: str,
    event_id: str | None,
    event_type: str | None,
    *,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove letters of QUEUE for good."""
    wanted = _wanted(event_id, event_type, everything=everything)
    _confirm(f"Remove dead letters of {queue} for good?", yes=yes)
    _finish("purged", queue, _letters(settings).purge(queue, wanted), as_json=as_json)


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True)


def _finish(done: str, queue: str, count: int, *, as_json: bool) -> None:
    _say({"queue": queue, done: count}, as_json=as_json, text=f"{count} {done} ({queue})")
    if count == 0:
        sys.exit(NOTHING_FOUND)


def main() -> None:
    """Runs the command line; a queue that does not exist, or is never replayed, is a matter of usage."""
    try:
        cli(prog_name="ops")
    except (NeverReplayed, NoWayBack, UnknownQueue) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(NOT_TAKEN if isinstance(error, NoWayBack) else USAGE)


if __name__ == "__main__":
    main()
