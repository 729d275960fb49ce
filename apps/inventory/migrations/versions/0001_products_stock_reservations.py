"""The first tables: products and their stock, reservations, and the chain's outbox and inbox."""

from alembic import op

from chassis.storage.postgres import MESSAGING_TABLES_V1

revision = "0001"
down_revision = None

PRODUCTS = """
CREATE TABLE products (
    sku text COLLATE "C" PRIMARY KEY CHECK (sku ~ '^[A-Z0-9][A-Z0-9._-]{0,39}$'),
    name text NOT NULL,
    description text NOT NULL,
    price_minor_units bigint NOT NULL CHECK (price_minor_units >= 0),
    price_currency text NOT NULL CHECK (price_currency ~ '^[A-Z]{3}$'),
    active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
)
"""

# Apart from products, since it changes with every order. No index but the key and half of each page free: so every
# update stays on its page and none has to touch an index.
STOCK = """
CREATE TABLE stock (
    sku text COLLATE "C" PRIMARY KEY REFERENCES products,
    received bigint NOT NULL,
    available bigint NOT NULL CHECK (available >= 0),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    sold bigint NOT NULL CHECK (sold >= 0),
    low_stock_threshold bigint NOT NULL CHECK (low_stock_threshold >= 0),
    version bigint NOT NULL,
    CONSTRAINT stock_adds_up CHECK (received = available + reserved + sold)
) WITH (fillfactor = 50)
"""

STOCK_JOURNAL = """
CREATE TABLE stock_journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text COLLATE "C" NOT NULL REFERENCES stock,
    delta bigint NOT NULL CHECK (delta <> 0),
    reason text NOT NULL,
    author uuid NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now()
)
"""

RESERVATIONS = """
CREATE TABLE reservations (
    order_id uuid PRIMARY KEY,
    applied_revision bigint NOT NULL DEFAULT 0,
    held_revision bigint NOT NULL DEFAULT 0 CHECK (held_revision BETWEEN 0 AND applied_revision),
    confirmed boolean NOT NULL DEFAULT false,
    closed text CHECK (closed IN ('cancelled', 'expired', 'sold')),
    expires_at timestamptz,
    shortages jsonb NOT NULL DEFAULT '[]',
    version bigint NOT NULL DEFAULT 0,
    CONSTRAINT only_open_holds_are_confirmed CHECK (NOT confirmed OR (held_revision > 0 AND closed IS NULL)),
    CONSTRAINT holds_expire CHECK (held_revision = 0 OR expires_at IS NOT NULL)
);
CREATE INDEX reservations_due ON reservations (expires_at)
    WHERE held_revision > 0 AND NOT confirmed AND closed IS NULL
"""

RESERVATION_LINES = """
CREATE TABLE reservation_lines (
    order_id uuid REFERENCES reservations,
    sku text COLLATE "C" REFERENCES stock,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
)
"""


def upgrade() -> None:
    """Creates everything."""
    for tables in (MESSAGING_TABLES_V1, PRODUCTS, STOCK, STOCK_JOURNAL, RESERVATIONS, RESERVATION_LINES):
        op.execute(tables)
