"""What the inventory service tells itself to do; the scheduler says when."""

from apps.inventory import service
from apps.inventory.metrics import RESERVATIONS_EXPIRED
from apps.inventory.repositories import UnitOfWorkFactory
from chassis.times import utc_now

EXPIRE = "workers.inventory.tasks.expire_holds"
BATCH = 100


def expire_holds(unit_of_work: UnitOfWorkFactory) -> None:
    """Closes every hold that nobody confirmed in time, batch by batch: each is a transaction of its own.

    Several may do so at once: each takes the due holds that no other has locked.
    """
    expired = BATCH
    while expired == BATCH:
        expired = service.expire_due(unit_of_work(), utc_now(), BATCH)
        RESERVATIONS_EXPIRED.inc(expired)
