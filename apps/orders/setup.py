"""The one-off job before the service starts: `python -m apps.orders.setup`. Running it again changes nothing."""

from apps.orders.bootstrap import parts
from apps.orders.settings import StorageSettings
from chassis.logs import get_logger
from chassis.settings import load_settings

log = get_logger()


def main() -> None:
    """Migrates the database, or ends with a sentence on what is wrong."""
    applied = parts(load_settings(StorageSettings, "orders-setup")).migrate()
    log.info("database_migrated", applied=applied)


if __name__ == "__main__":
    main()
