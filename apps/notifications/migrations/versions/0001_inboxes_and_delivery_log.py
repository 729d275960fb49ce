"""The first tables: copies of users, inboxes, preferences, the delivery log, and the chain's outbox and inbox."""

from alembic import op

from chassis.storage.postgres import MESSAGING_TABLES_V1

revision = "0001"
down_revision = None

# A user may be told something before the event with the address has come: then version is 0 and email is null.
# `notified` numbers the user's notifications. It is raised under the row's lock, so numbers commit in their order, and
# who has seen one has seen all before it.
USERS = """
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text,
    name text NOT NULL DEFAULT '',
    roles text[] NOT NULL DEFAULT '{}',
    language text NOT NULL DEFAULT 'en',
    active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 0,
    notified bigint NOT NULL DEFAULT 0
);
CREATE INDEX users_roles ON users USING gin (roles)
"""

NOTIFICATIONS = """
CREATE TABLE notifications (
    user_id uuid REFERENCES users,
    number bigint,
    id uuid NOT NULL UNIQUE,
    kind text NOT NULL,
    subject text NOT NULL,
    order_id uuid,
    details jsonb NOT NULL,
    push boolean NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (user_id, number),
    UNIQUE (user_id, kind, subject)
);
CREATE INDEX notifications_unread ON notifications (user_id, number) WHERE read_at IS NULL
"""

PREFERENCES = """
CREATE TABLE preferences (
    user_id uuid REFERENCES users,
    kind text,
    channel text,
    enabled boolean NOT NULL,
    PRIMARY KEY (user_id, kind, channel)
)
"""

# `due_at`: when the sweep takes care of a pending mail that nobody is known to work at.
DELIVERIES = """
CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES notifications (id),
    channel text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    answer text NOT NULL DEFAULT '',
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    settled_at timestamptz,
    UNIQUE (notification_id, channel),
    CONSTRAINT settled_mails_have_a_time CHECK ((status = 'pending') = (settled_at IS NULL))
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'pending'
"""


def upgrade() -> None:
    """Creates everything."""
    for tables in (MESSAGING_TABLES_V1, USERS, NOTIFICATIONS, PREFERENCES, DELIVERIES):
        op.execute(tables)
