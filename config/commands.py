"""The operators' commands, behind `make config-set` and its like: `python -m config.commands --help`.

They work on the repository itself; the service notices each new commit and announces it.
"""

import sys
from typing import Any

import click
import yaml

from chassis.settings import load_settings
from config.bootstrap import open_repository
from config.changes import Changes, Wish
from config.cipher import Cipher
from config.domain.refusals import ConfigurationRefusal, InvalidSetting
from config.git import CommitInfo
from config.models import Models
from config.settings import ConfigSettings

REFUSED = 1

author_option = click.option("--author", default="operator", show_default=True, help="Who makes the change.")
message_option = click.option("--message", help="Why; otherwise it says what.")
expect_option = click.option("--expect", help="The commit that was seen last; refused when there is a newer one.")


@click.group()
@click.pass_context
def cli(context: click.Context) -> None:
    """Shows and changes the settings of the services."""
    context.obj = load_settings(ConfigSettings, "config-commands")


def _cipher(settings: ConfigSettings) -> Cipher:
    return Cipher(settings.encryption_keys())


def _changes(settings: ConfigSettings) -> Changes:
    return Changes(
        open_repository(settings),
        Models.exported(_cipher(settings)),
        settings.repository_branch,
        follows_remote=settings.repository_url is not None,
    )


def _line(info: CommitInfo) -> str:
    return f"{info.id[:12]}  {info.at:%Y-%m-%d %H:%M:%S}Z  {info.author}  {info.message.splitlines()[0]}"


@cli.command("set")
@click.argument("application")
@click.argument("key")
@click.argument("value", required=False)
@click.option("--profile", help="Only under this profile.")
@click.option("--remove", is_flag=True, help="Remove the key instead of giving it a value.")
@author_option
@message_option
@expect_option
@click.pass_obj
def set_value(  # noqa: PLR0913, PLR0917 - a command has its options
    settings: ConfigSettings,
    application: str,
    key: str,
    value: str | None,
    profile: str | None,
    author: str,
    message: str | None,
    expect: str | None,
    *,
    remove: bool,
) -> None:
    """Give KEY of APPLICATION (`application`: of all) a VALUE, written as in YAML. It is one commit."""
    if (value is None) != remove:
        raise click.UsageError("say the value, or --remove")
    wish = Wish(author, message, expect)
    click.echo(_line(_set(_changes(settings), application, profile, key, value, wish)))


def _set(changes: Changes, application: str, profile: str | None, key: str, text: str | None, wish: Wish) -> CommitInfo:
    """A text that means a number in YAML is tried as one first: `5` may be meant as a text too."""
    meanings = [None] if text is None else list(_meanings(text))
    for number, meaning in enumerate(meanings, 1):
        try:
            return changes.change(application, profile, {key: meaning}, wish)
        except InvalidSetting:
            if number == len(meanings):
                raise
    raise AssertionError


def _meanings(text: str) -> list[Any]:
    try:
        meant = yaml.safe_load(text)
    except yaml.YAMLError:
        return [text]
    return [text] if meant is None or meant == text else [meant, text]


@cli.command()
@click.argument("application", required=False)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.pass_obj
def log(settings: ConfigSettings, application: str | None, limit: int) -> None:
    """The changes, the newest first; of APPLICATION only, if given."""
    found, count = _changes(settings).history(application, 0, limit)
    for info in found:
        click.echo(_line(info))
    if count > limit:
        click.echo(f"({count - limit} more)", err=True)


@cli.command()
@click.argument("commit")
@click.argument("other", required=False)
@click.pass_obj
def diff(settings: ConfigSettings, commit: str, other: str | None) -> None:
    """What COMMIT changed, or what differs between it and OTHER."""
    changes = _changes(settings)
    click.echo(changes.diff(commit, other) if other else changes.show(commit)[1], nl=False)


@cli.command()
@click.argument("commit")
@author_option
@message_option
@expect_option
@click.pass_obj
def rollback(settings: ConfigSettings, commit: str, author: str, message: str | None, expect: str | None) -> None:
    """Bring back the settings of COMMIT, as a new commit."""
    click.echo(_line(_changes(settings).rollback(commit, Wish(author, message, expect))))


@cli.command()
@click.argument("value", required=False)
@click.pass_obj
def encrypt(settings: ConfigSettings, value: str | None) -> None:
    """The {cipher} form of VALUE, for the repository; without VALUE it is read from standard input."""
    secret = sys.stdin.read().rstrip("\n") if value is None else value
    if not secret:
        raise click.UsageError("there is nothing to encrypt")
    click.echo(_cipher(settings).encrypt(secret))


def main() -> None:
    """Runs the command line; a refusal is a sentence and exit status 1."""
    try:
        cli(prog_name="config")
    except ConfigurationRefusal as refusal:
        click.echo(f"Error: {refusal}", err=True)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
