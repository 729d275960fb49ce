"""What every process of a service on PostgreSQL has: units of work, outbox, migrations, and the health of it all."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

from chassis.health import Health
from chassis.settings import PostgresProcessSettings
from chassis.storage.migrations import migrate
from chassis.storage.postgres import TRANSIENT, UnitOfWork, check_postgres, create_postgres_engine
from chassis.storage.postgres_outbox import PostgresOutbox

SettingsT = TypeVar("SettingsT", bound=PostgresProcessSettings)
UnitOfWorkT = TypeVar("UnitOfWorkT", bound=UnitOfWork)


@dataclass(frozen=True)
class PostgresProcess(Generic[SettingsT, UnitOfWorkT]):
    """One process of a service, over the service's own database."""

    settings: SettingsT
    outbox: PostgresOutbox
    unit_of_work: Callable[..., UnitOfWorkT]
    migrate: Callable[[], None]
    close: Callable[[], None]
    health: Health
    transient_errors: tuple[type[Exception], ...] = TRANSIENT


def open_postgres(
    settings: SettingsT, service: str, unit_of_work: Callable[..., UnitOfWorkT], migrations: ModuleType
) -> PostgresProcess[SettingsT, UnitOfWorkT]:
    """Everything over the database, which is reached, or the process ends with a sentence.

    `migrations` is the package with the service's Alembic migrations.
    """
    engine = create_postgres_engine(settings, startup_timeout=settings.startup_timeout)
    health = Health()
    health.add("postgres", lambda: check_postgres(engine))
    return PostgresProcess(
        settings=settings,
        outbox=PostgresOutbox(engine),
        unit_of_work=partial(unit_of_work, engine, service),
        migrate=partial(migrate, engine, Path(str(migrations.__file__)).parent),
        close=engine.dispose,
        health=health,
    )
