"""Messaging: queues, outbox, relay, retries, dead letters, and the broker itself."""

from monitoring.dashboards.model import Dashboard, Panel, Query, Row
from monitoring.dashboards.queries import rate

_WORK = 'queue!~".+\\\\.(dead|retry)"'

QUEUES = Row(
    "Queues",
    (
        Panel(
            "Waiting",
            "short",
            "Messages in each queue that no worker has taken yet. Growing: workers are too few, too slow or gone.",
            (Query(f"sum by (queue) (rabbitmq_detailed_queue_messages_ready{{{_WORK}}})", "{{queue}}"),),
        ),
        Panel(
            "In work",
            "short",
            "Messages that workers have taken and not acknowledged yet: at most four for each thread.",
            (Query(f"sum by (queue) (rabbitmq_detailed_queue_messages_unacked{{{_WORK}}})", "{{queue}}"),),
        ),
        Panel(
            "Consumers",
            "short",
            "Workers that listen to each queue. 0: nobody does, and the queue grows; `unroutable` has none by design.",
            (Query(f"sum by (queue) (rabbitmq_detailed_queue_consumers{{{_WORK}}})", "{{queue}}"),),
        ),
        Panel(
            "Waiting for another try",
            "short",
            "Messages in the retry queues: a transient error took them out of their queue for five seconds.",
            (Query('sum by (queue) (rabbitmq_detailed_queue_messages{queue=~".+\\\\.retry"})', "{{queue}}"),),
        ),
        Panel(
            "Dead letters",
            "short",
            "Messages put aside for good, by queue. Each says why: `make dead-letters ARGS=list`.",
            (Query('sum by (queue) (rabbitmq_detailed_queue_messages{queue=~".+\\\\.dead"})', "{{queue}}"),),
            red_from=1,
        ),
        Panel(
            "Dead letters by kind",
            "short",
            "New dead letters of the last hour: poison is no event, failed hit a mistake in a handler, exhausted was"
            " tried too often.",
            (Query("sum by (queue, kind) (increase(dead_letters_total[1h]))", "{{queue}} {{kind}}"),),
        ),
    ),
)

OUTBOX = Row(
    "Outbox and relay",
    (
        Panel(
            "Events in the outbox",
            "short",
            "Events that wait for their relay, by service. Growing: the broker is away, or no relay leads.",
            (Query("sum by (service) (outbox_backlog_events)", "{{service}}"),),
        ),
        Panel(
            "Age of the oldest event",
            "s",
            "How long the oldest event has waited in the outbox: the delay of everything that follows from it.",
            (Query("max by (service) (outbox_oldest_age_seconds)", "{{service}}"),),
            red_from=30,
        ),
        Panel(
            "Relays that lead",
            "short",
            "One for each worker service. 0: nobody publishes; 2 for longer than a moment: events go out twice.",
            (Query('sum by (job) (relay_leading{job=~".+-worker"})', "{{job}}"),),
        ),
        Panel(
            "Published",
            "ops",
            "Events a second that the broker has confirmed, by type.",
            (Query(rate("events_published_total", by="type"), "{{type}}"),),
        ),
        Panel(
            "Handled, by outcome",
            "ops",
            "Events a second: handled, duplicate (the inbox knew it), retried, dead.",
            (Query(rate("events_consumed_total", by="outcome"), "{{outcome}}"),),
        ),
        Panel(
            "Heard live",
            "ops",
            "Events a second that every replica hears for itself, for sockets and settings; they pass no inbox.",
            (Query(rate("events_heard_live_total", by="job, type"), "{{job}} {{type}}"),),
        ),
        Panel(
            "Refused by the broker",
            "short",
            "Events of the last hour that the broker returned or refused. They stay in the outbox; the log names them.",
            (Query("sum by (type, reason) (increase(events_refused_total[1h])) or vector(0)", "{{type}} {{reason}}"),),
            red_from=1,
        ),
    ),
)

BROKER = Row(
    "Broker",
    (
        Panel(
            "Messages",
            "ops",
            "Messages a second that the broker received, delivered and got acknowledged, whatever the queue.",
            (
                Query(rate("rabbitmq_global_messages_received_total"), "received"),
                Query(rate("rabbitmq_global_messages_delivered_total"), "delivered"),
                Query(rate("rabbitmq_global_messages_acknowledged_total"), "acknowledged"),
            ),
        ),
        Panel(
            "Memory",
            "bytes",
            "The broker's memory and the mark above which it stops publishers.",
            (
                Query("rabbitmq_process_resident_memory_bytes", "used"),
                Query("rabbitmq_resident_memory_limit_bytes", "mark"),
            ),
        ),
        Panel(
            "Connections and channels",
            "short",
            "Two connections for each worker (consumer and publisher), and those of Flower and the scheduler.",
            (Query("rabbitmq_connections", "connections"), Query("rabbitmq_channels", "channels")),
        ),
    ),
)

MESSAGING = Dashboard(
    "messaging",
    "Messaging",
    "The chain from outbox to inbox: what waits where, for how long, and what was put aside.",
    (QUEUES, OUTBOX, BROKER),
)
