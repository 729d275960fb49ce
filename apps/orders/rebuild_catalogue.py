"""`python -m apps.orders.rebuild_catalogue`: makes the copy of the catalogue anew, from what inventory says now.

May run at any time, beside the events: of each product the newest description stays.
"""

from apps.orders import service
from apps.orders.bootstrap import parts
from apps.orders.products import SCOPE, InventoryProducts
from apps.orders.settings import RebuildSettings
from chassis.discovery import Resolver
from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.http.service_tokens import tokens_of_users_service
from chassis.logs import get_logger, stop_with
from chassis.settings import load_settings

log = get_logger()


def main() -> None:
    """Copies all products, or ends with a sentence on what is wrong."""
    settings = load_settings(RebuildSettings, "orders-rebuild-catalogue")
    resolver = Resolver(settings)
    tokens = tokens_of_users_service(ServiceClient("users-api", resolver), settings, SCOPE)
    products = InventoryProducts(ServiceClient("inventory-api", resolver), tokens)
    try:
        read, written = service.rebuild_catalogue(parts(settings).catalogue, products)
    except ServiceUnavailable as error:
        stop_with(f"Inventory did not tell all of its products ({error}): start it, and run this again.")
    log.info("catalogue_rebuilt", read=read, written=written)


if __name__ == "__main__":
    main()
