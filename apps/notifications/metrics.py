"""The metrics of the notifications service itself."""

from prometheus_client import Counter, Gauge, Histogram

NOTIFICATIONS_CREATED = Counter("notifications_created_total", "Notifications put into inboxes", ["kind"])
MAILS = Counter("mails_total", "Attempts to send a mail", ["outcome"])
MAIL_SECONDS = Histogram(
    "mail_delivery_seconds",
    "From a notification to its mail being taken by the mail server",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
MAILS_PENDING = Gauge("mails_pending", "Mails that are not sent yet")
MAILS_OLDEST = Gauge("mails_pending_oldest_age_seconds", "Age of the oldest mail that is not sent yet")
SOCKETS = Gauge("sockets_open", "Sockets that this process serves")
SOCKETS_CLOSED = Counter("sockets_closed_total", "Sockets that have ended", ["reason"])
