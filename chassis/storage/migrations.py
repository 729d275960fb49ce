"""Migrations: brings a service's database to the newest revision of its Alembic tree; safe when several do at once."""

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Engine, text

_LOCK_KEY = 0x6D696772617465  # "migrate"; each service has a database of its own, so one key serves all


def migrate(engine: Engine, tree: Path) -> None:
    """Runs what is missing, all in one transaction. `tree` is the folder with env.py and versions/."""
    config = Config()
    config.set_main_option("script_location", str(tree).replace("%", "%%"))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def run_in_transaction() -> None:
    """The whole env.py of a service: the others wait here until the first one has committed."""
    engine: Engine = context.config.attributes["engine"]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"))  # meant for requests
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
