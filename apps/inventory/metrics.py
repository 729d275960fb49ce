"""The metrics of the inventory service itself."""

from prometheus_client import Counter

RESERVATIONS_EXPIRED = Counter("reservations_expired_total", "Holds that nobody confirmed in time")
