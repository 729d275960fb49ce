"""The metrics of the orders service itself."""

from prometheus_client import Gauge

ORDERS_STALE = Gauge("orders_stale", "Orders that this worker's last sweep found without an answer for too long")
