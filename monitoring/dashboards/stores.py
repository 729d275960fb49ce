"""Stores: what the services wait for, and the servers that keep data."""

from monitoring.dashboards.model import Dashboard, Panel, Query, Row
from monitoring.dashboards.queries import quantile, rate

_SERVICES = 'datname!~"template.*|postgres|"'

CALLS = Row(
    "As the services see them",
    (
        Panel(
            "Calls",
            "ops",
            "Statements and commands a second that the services' processes sent, by store and operation.",
            (Query(rate("store_call_seconds_count", by="store, operation"), "{{store}} {{operation}}"),),
        ),
        Panel(
            "Time of a call, p95",
            "s",
            "What a statement or command takes, the way to the server included. High everywhere: the server is busy.",
            (Query(quantile(0.95, "store_call_seconds", by="store, operation"), "{{store}} {{operation}}"),),
        ),
        Panel(
            "Time in stores, by process",
            "percentunit",
            "Seconds that each process waits for stores in a second; above 1, several of its threads do.",
            (Query(rate("store_call_seconds_sum", by="job"), "{{job}}"),),
        ),
    ),
)

POSTGRES = Row(
    "PostgreSQL",
    (
        Panel(
            "Connections",
            "short",
            "Open connections to each database; each process of a service holds up to sixteen.",
            (Query('sum by (datname) (pg_stat_activity_count{datname!=""})', "{{datname}}"),),
        ),
        Panel(
            "Transactions",
            "ops",
            "Transactions a second, committed and rolled back. A relay that finds nothing rolls back, too.",
            (
                Query(rate("pg_stat_database_xact_commit", _SERVICES, by="datname"), "{{datname}} committed"),
                Query(rate("pg_stat_database_xact_rollback", _SERVICES, by="datname"), "{{datname}} rolled back"),
            ),
        ),
        Panel(
            "Size",
            "bytes",
            "Of each database on the disk.",
            (Query(f"max by (datname) (pg_database_size_bytes{{{_SERVICES}}})", "{{datname}}"),),
        ),
        Panel(
            "Read from memory",
            "percentunit",
            "Share of the pages that were found in the server's memory. Low for long: it has too little.",
            (
                Query(
                    f"{rate('pg_stat_database_blks_hit', _SERVICES, by='datname')} / ("
                    f"{rate('pg_stat_database_blks_hit', _SERVICES, by='datname')} + "
                    f"{rate('pg_stat_database_blks_read', _SERVICES, by='datname')} > 0)",
                    "{{datname}}",
                ),
            ),
        ),
        Panel(
            "Deadlocks",
            "short",
            "Of the last hour. The services sort what they lock, so there should be none.",
            (Query(f"sum by (datname) (increase(pg_stat_database_deadlocks{{{_SERVICES}}}[1h]))", "{{datname}}"),),
            red_from=1,
        ),
        Panel(
            "Rows purged",
            "short",
            "Rows of the last hour that the users service needed no more: sessions and tokens that have ended.",
            (Query("sum by (kind) (increase(users_purged_rows_total[1h]))", "{{kind}}"),),
        ),
        Panel(
            "Longest transaction",
            "s",
            "Age of the oldest open transaction of each database. Minutes: something forgot to end it.",
            (Query(f"max by (datname) (pg_stat_activity_max_tx_duration{{{_SERVICES}}})", "{{datname}}"),),
            red_from=60,
        ),
    ),
)

BROKER = Row(
    "RabbitMQ",
    (
        Panel(
            "Free disk",
            "bytes",
            "Free space under the broker's data, and the mark below which it stops publishers.",
            (
                Query("rabbitmq_disk_space_available_bytes", "free"),
                Query("rabbitmq_disk_space_available_limit_bytes", "mark"),
            ),
        ),
        Panel(
            "Messages kept",
            "short",
            "Messages in all queues, dead letters included.",
            (Query("rabbitmq_queue_messages", "messages"),),
        ),
        Panel(
            "Open files",
            "short",
            "The broker's open files and sockets; every queue and connection takes some.",
            (Query("rabbitmq_process_open_fds", "open"),),
        ),
    ),
)

TELEMETRY = Row(
    "Metrics, traces and logs",
    (
        Panel(
            "Series in Prometheus",
            "short",
            "Series that have had a sample in the last hours. A jump: somebody put an id into a label.",
            (Query("prometheus_tsdb_head_series", "series"),),
        ),
        Panel(
            "Prometheus on disk",
            "bytes",
            "Blocks and write-ahead log; what is older than three days goes.",
            (
                Query("prometheus_tsdb_storage_blocks_bytes", "blocks"),
                Query("prometheus_tsdb_wal_storage_size_bytes", "write-ahead log"),
            ),
        ),
        Panel(
            "Spans",
            "ops",
            "Spans a second that the Collector took, passed on to Zipkin, and could not pass on.",
            (
                Query(rate('{__name__=~"otelcol_receiver_accepted_spans(_total)?"}'), "taken"),
                Query(rate('{__name__=~"otelcol_exporter_sent_spans(_total)?"}'), "sent"),
                Query(rate('{__name__=~"otelcol_exporter_send_failed_spans(_total)?"}'), "failed"),
            ),
        ),
        Panel(
            "Log lines",
            "ops",
            "Lines a second that the Collector sent to Loki, and those that it must send again.",
            (
                Query(rate('{__name__=~"otelcol_exporter_sent_log_records(_total)?"}'), "sent"),
                Query(rate('{__name__=~"otelcol_exporter_send_failed_log_records(_total)?"}'), "failed"),
            ),
        ),
        Panel(
            "Scrapes that take long",
            "s",
            "The slowest five targets. Above four seconds a scrape counts as failed.",
            (Query("topk(5, scrape_duration_seconds)", "{{job}} {{instance}}"),),
            red_from=4,
        ),
        Panel(
            "Memory of Prometheus and the Collector",
            "bytes",
            "Resident memory; the limit of each container is 256 MiB.",
            (
                Query('process_resident_memory_bytes{job="prometheus"}', "prometheus"),
                Query('{__name__=~"otelcol_process_memory_rss(_bytes)?"}', "otel-collector"),
            ),
        ),
    ),
)

STORES = Dashboard(
    "stores",
    "Stores",
    "What the services wait for, and the servers that keep data.",
    (CALLS, POSTGRES, BROKER, TELEMETRY),
)
