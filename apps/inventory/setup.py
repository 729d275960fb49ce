"""The one-off job before the service starts: `python -m apps.inventory.setup`. Running it again changes nothing.

It migrates the database, and puts the demo catalogue into it when DEMO_DATA is true.
"""

from apps.inventory import service
from apps.inventory.bootstrap import parts
from apps.inventory.demo import CATALOGUE, Demo
from apps.inventory.domain.refusals import SkuTaken
from apps.inventory.repositories import UnitOfWorkFactory
from apps.inventory.settings import SetupSettings
from chassis.logs import get_logger
from chassis.settings import load_settings

log = get_logger()


def main() -> None:
    """Takes all steps, or ends with a sentence on what is wrong."""
    settings = load_settings(SetupSettings, "inventory-setup")
    inventory = parts(settings)
    inventory.migrate()
    log.info("database_migrated")
    if settings.demo_data:
        made = sum(add_demo(inventory.unit_of_work, demo) for demo in CATALOGUE)
        log.info("demo_catalogue_present", products=len(CATALOGUE), made=made)


def add_demo(unit_of_work: UnitOfWorkFactory, demo: Demo) -> bool:
    """Adds a demo product; False when it is there, as somebody may have changed it."""
    try:
        service.create_product(unit_of_work(), demo.product, demo.stock)
    except SkuTaken:
        return False
    return True


if __name__ == "__main__":
    main()
