"""The metrics of the users service itself; those of security events stand in `security.py`."""

from prometheus_client import Counter, Gauge

SIGNING_KEY_AGE = Gauge("signing_key_age_seconds", "Age of the key that signs access tokens, at the last look")
PURGED = Counter("users_purged_rows_total", "Rows that nobody needed any more", ["kind"])
