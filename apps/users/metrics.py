"""The metrics of the users service itself."""

from prometheus_client import Gauge

SIGNING_KEY_AGE = Gauge("signing_key_age_seconds", "Age of the key that signs access tokens, at the last look")
