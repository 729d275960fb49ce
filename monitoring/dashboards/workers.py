"""Workers: Celery as Flower sees it, and the workers' own figures."""

from monitoring.dashboards.model import Dashboard, Panel, Query, Row
from monitoring.dashboards.queries import quantile, rate

_WORKER = 'job=~".+-worker|scheduler"'
_LATE = "(time() - max by (task) (task_last_scheduled_timestamp_seconds)) / max by (task) (task_interval_seconds)"

TASKS = Row(
    "Tasks, as Flower sees them",
    (
        Panel(
            "Workers online",
            "short",
            "Workers whose heartbeat Flower hears. Fewer than `make ps` shows: a worker hangs or lost the broker.",
            (Query("sum(flower_worker_online)", "online"),),
        ),
        Panel(
            "Tasks by what happened",
            "ops",
            "Tasks a second: received, started, succeeded, failed, rejected. Handlers of events are tasks, too.",
            (Query(rate("flower_events_total", 'type=~"task-.+"', by="type"), "{{type}}"),),
        ),
        Panel(
            "Tasks that failed or were rejected",
            "ops",
            "A rejected one goes to the retry queue; a failed one was put aside. The log says why.",
            (
                Query(
                    rate("flower_events_total", 'type=~"task-(failed|rejected)"', by="task, type"), "{{task}} {{type}}"
                ),
            ),
        ),
        Panel(
            "Run time, p95",
            "s",
            "Nineteen of twenty runs of each task ended within this time.",
            (Query(quantile(0.95, "flower_task_runtime_seconds", by="task"), "{{task}}"),),
        ),
        Panel(
            "Running now",
            "short",
            "Tasks that run in each worker; its pool has eight threads.",
            (Query("sum by (worker) (flower_worker_number_of_currently_executing_tasks)", "{{worker}}"),),
            red_from=8,
        ),
        Panel(
            "Taken and not started",
            "short",
            "Tasks that each worker holds ready. High for long: its threads are busy or stuck.",
            (Query("sum by (worker) (flower_worker_prefetched_tasks)", "{{worker}}"),),
        ),
    ),
)

OWN = Row(
    "Workers' own figures",
    (
        Panel(
            "Events handled",
            "ops",
            "Events a second by queue and type.",
            (Query(rate("events_consumed_total", by="queue, type"), "{{queue}} {{type}}"),),
        ),
        Panel(
            "Time to handle, p95",
            "s",
            "By queue and type, from the handler's start to its commit.",
            (Query(quantile(0.95, "event_handling_seconds", by="queue, type"), "{{queue}} {{type}}"),),
        ),
        Panel(
            "Scheduled tasks sent",
            "short",
            "What the scheduler told the services to do in the last five minutes. 0: beat stands still.",
            (Query("sum by (task) (increase(tasks_scheduled_total[5m]))", "{{task}}"),),
        ),
        Panel(
            "Intervals since a task was sent",
            "short",
            "Time since the scheduler last sent each task, in units of its interval. Above 1 for long: it is late.",
            (Query(_LATE, "{{task}}"),),
        ),
        Panel(
            "CPU",
            "percentunit",
            "Share of one core that the processes of each worker use together.",
            (Query(rate("process_cpu_seconds_total", _WORKER, by="job"), "{{job}}"),),
        ),
        Panel(
            "Memory",
            "bytes",
            "Resident memory of each instance.",
            (Query(f"process_resident_memory_bytes{{{_WORKER}}}", "{{job}} {{instance}}"),),
        ),
        Panel(
            "Last start",
            "dateTimeFromNow",
            "When each process began. Again and again a moment ago: it crashes; its log ends with the reason.",
            (Query(f"max by (job) (process_start_time_seconds{{{_WORKER}}}) * 1000", "{{job}}", instant=True),),
            type="stat",
        ),
    ),
)

MAILS = Row(
    "Mails and sockets",
    (
        Panel(
            "Notifications",
            "short",
            "Put into inboxes in the last ten minutes, by kind.",
            (Query("sum by (kind) (increase(notifications_created_total[10m]))", "{{kind}}"),),
        ),
        Panel(
            "Attempts to mail",
            "short",
            "Of the last ten minutes: sent, postponed (the server is away or says later), failed for good.",
            (Query("sum by (outcome) (increase(mails_total[10m]))", "{{outcome}}"),),
        ),
        Panel(
            "Time until a mail is taken",
            "s",
            "From the notification until the mail server has taken the mail.",
            (
                Query(quantile(0.5, "mail_delivery_seconds"), "p50"),
                Query(quantile(0.95, "mail_delivery_seconds"), "p95"),
            ),
        ),
        Panel(
            "Mails that wait",
            "short",
            "Not sent yet, at the last sweep.",
            (Query("max(mails_pending)", "waiting"),),
        ),
        Panel(
            "Age of the oldest mail that waits",
            "s",
            "How long the mail server has been away, or refuses.",
            (Query("max(mails_pending_oldest_age_seconds)", "age"),),
            red_from=300,
        ),
        Panel(
            "Sockets",
            "short",
            "Open now, and closed in the last ten minutes by reason.",
            (
                Query("sum(sockets_open)", "open"),
                Query("sum by (reason) (increase(sockets_closed_total[10m]))", "closed: {{reason}}"),
            ),
        ),
    ),
)

WORKERS = Dashboard("workers", "Workers", "Celery's tasks and the processes that run them.", (TASKS, OWN, MAILS))
