"""The metrics of the inventory service itself."""

from prometheus_client import Counter, Gauge

RESERVATIONS_EXPIRED = Counter("reservations_expired_total", "Holds that nobody confirmed in time")
PRODUCTS_LOW = Gauge("stock_low_products", "Active products of which less is available than their threshold")
UNITS = Gauge("stock_units", "Units of all products together, at the last count", ["state"])
