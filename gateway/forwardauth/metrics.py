"""The metrics of ForwardAuth."""

from prometheus_client import Counter, Histogram

VERDICTS = Counter("forwardauth_verdicts_total", "Answers to Traefik", ["status"])
VERIFY_SECONDS = Histogram(
    "forwardauth_verify_seconds",
    "Time to answer Traefik",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0),
)
