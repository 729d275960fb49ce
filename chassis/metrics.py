"""The names of all metrics that the chassis exports; the services add theirs in their own modules."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

OUTBOX_BACKLOG = Gauge("outbox_backlog_events", "Events that wait in the outbox", ["service"])
OUTBOX_OLDEST = Gauge("outbox_oldest_age_seconds", "Age of the oldest event in the outbox", ["service"])
EVENTS_PUBLISHED = Counter("events_published_total", "Events that the broker confirmed", ["type"])
EVENTS_REFUSED = Counter("events_refused_total", "Events that the broker returned or refused", ["type", "reason"])
EVENTS_CONSUMED = Counter("events_consumed_total", "Events handled", ["queue", "type", "outcome"])
EVENT_SECONDS = Histogram("event_handling_seconds", "Time to handle an event", ["queue", "type"], buckets=_FAST)
EVENTS_HEARD = Counter("events_heard_live_total", "Events that a process heard live", ["type", "outcome"])
DEAD_LETTERS = Counter("dead_letters_total", "Messages put aside as dead letters", ["queue", "kind"])
RELAY_LEADING = Gauge("relay_leading", "1 while this process relays its service's outbox, 0 while it stands by")
STORE_SECONDS = Histogram(
    "store_call_seconds", "Time that a store took to answer", ["store", "operation"], buckets=_FAST
)
BREAKER_STATE = Gauge("circuit_breaker_state", "0 closed, 1 half-open, 2 open", ["target"])
DEPENDENCY_UP = Gauge("dependency_up", "1 while the last health check found it in order", ["dependency"])
TASKS_SCHEDULED = Counter("tasks_scheduled_total", "Tasks that the scheduler sent", ["task"])
TASK_LAST_SCHEDULED = Gauge(
    "task_last_scheduled_timestamp_seconds", "When the scheduler last sent the task, in Unix time", ["task"]
)
TASK_INTERVAL = Gauge("task_interval_seconds", "How often the task is due", ["task"])
CONFIGURATION = Gauge("configuration_info", "1 for the commit that this process runs", ["commit", "origin"])
CONFIGURATION_CHECKS = Counter("configuration_checks_total", "Times that the configuration was asked for", ["outcome"])
CONFIGURATION_REFUSED = Counter("configuration_values_refused_total", "Values that are no good", ["setting"])
