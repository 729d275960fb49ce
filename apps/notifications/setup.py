"""The one-off job before the service starts: `python -m apps.notifications.setup`. Running it again changes nothing."""

from apps.notifications.bootstrap import parts
from apps.notifications.settings import StorageSettings
from chassis.logs import get_logger
from chassis.settings import load_settings

log = get_logger()


def main() -> None:
    """Migrates the database, or ends with a sentence on what is wrong."""
    parts(load_settings(StorageSettings, "notifications-setup")).migrate()
    log.info("database_migrated")


if __name__ == "__main__":
    main()
