"""The metrics of the orders service itself."""

from prometheus_client import Counter, Gauge, Histogram

ORDERS_STALE = Gauge("orders_stale", "Orders that this worker's last sweep found without an answer for too long")
ORDERS_IN_STATE = Gauge("orders_in_state", "Orders that have not ended, at the last count", ["status"])
ORDERS_MOVED = Counter("orders_moved_total", "Moves of orders into a state", ["status"])
SAGA_SECONDS = Histogram(
    "order_saga_seconds",
    "Time from placing an order until it was confirmed, rejected or cancelled",
    ["outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0),
)
