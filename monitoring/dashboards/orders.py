"""Orders and saga: what customers ask for, what becomes of it, and what keeps it waiting."""

from monitoring.dashboards.model import Dashboard, Panel, Query, Row
from monitoring.dashboards.queries import quantile, rate, request_rate

_PLACING = 'job="orders-api", method="POST", url_rule="/api/v1/orders"'

CUSTOMERS = Row(
    "Customers",
    (
        Panel(
            "Orders asked for",
            "reqps",
            "Answers a second to POST /api/v1/orders. 202 is an accepted order; 409 what inventory cannot hold.",
            (Query(request_rate(_PLACING, by="status"), "{{status}}"),),
        ),
        Panel(
            "Time to accept an order",
            "s",
            "Until POST /api/v1/orders is answered. It waits for inventory's answer, half a second at most, and for"
            " MongoDB; never for the broker.",
            (
                Query(quantile(0.5, "flask_http_request_duration_seconds", _PLACING), "p50"),
                Query(quantile(0.95, "flask_http_request_duration_seconds", _PLACING), "p95"),
            ),
            red_from=0.5,
        ),
        Panel(
            "Circuit breakers",
            "short",
            "0 closed, 1 half-open, 2 open. Open to inventory-api: orders are accepted unasked, the saga decides.",
            (Query("max by (job, target) (circuit_breaker_state)", "{{job}} to {{target}}"),),
            red_from=2,
        ),
    ),
)

STOCK = Row(
    "Stock and accounts",
    (
        Panel(
            "Units",
            "short",
            "Units of all products together: available, reserved for orders, sold.",
            (Query("max by (state) (stock_units)", "{{state}}"),),
        ),
        Panel(
            "Products that run low",
            "short",
            "Active products of which less is available than their threshold.",
            (Query("max(stock_low_products)", "low"),),
        ),
        Panel(
            "Age of the signing key",
            "s",
            "Of the key that signs access tokens. `make rotate-keys` makes a new one; the old one is still accepted.",
            (Query("max(signing_key_age_seconds)", "age"),),
        ),
    ),
)

SAGA = Row(
    "Saga",
    (
        Panel(
            "What becomes of orders",
            "ops",
            "Events a second of the orders service: placed, confirmed, rejected, cancelled, shipped and so on.",
            (Query(rate("events_published_total", 'type=~"order\\\\..+"', by="type"), "{{type}}"),),
            width=12,
        ),
        Panel(
            "What becomes of stock",
            "ops",
            "Events a second of inventory: its answers to the orders service, and products that run low.",
            (Query(rate("events_published_total", 'type=~"stock\\\\..+"', by="type"), "{{type}}"),),
            width=12,
        ),
        Panel(
            "Orders that have not ended",
            "short",
            "At the orders worker's last count, by state. Pending and changing ones wait for inventory.",
            (Query("sum by (status) (max by (status) (orders_in_state))", "{{status}}"),),
        ),
        Panel(
            "Moves of orders",
            "ops",
            "Orders a second that came into each state.",
            (Query(rate("orders_moved_total", by="status"), "{{status}}"),),
        ),
        Panel(
            "Time of the saga",
            "s",
            "From placing an order until it was confirmed, rejected or cancelled, as the orders service decided it.",
            (
                Query(quantile(0.5, "order_saga_seconds", by="outcome"), "{{outcome}} p50"),
                Query(quantile(0.95, "order_saga_seconds", by="outcome"), "{{outcome}} p95"),
            ),
            red_from=1,
        ),
        Panel(
            "Stale orders",
            "short",
            "Orders that the last sweep found without an answer for too long. They are asked again, then cancelled.",
            (Query("sum(orders_stale)", "stale"),),
            red_from=1,
        ),
        Panel(
            "Reservations that expired",
            "short",
            "Holds of the last hour that nobody confirmed in time: confirmations come late, or the saga stands still.",
            (Query("sum(increase(reservations_expired_total[1h]))", "expired"),),
        ),
        Panel(
            "Time for a step of the saga, p95",
            "s",
            "By the event that is handled, from the handler's start to its commit, without the time in the queue.",
            (Query(quantile(0.95, "event_handling_seconds", by="type"), "{{type}}"),),
        ),
    ),
)

ORDERS = Dashboard(
    "orders",
    "Orders and saga",
    "What customers ask for, what becomes of it, and what keeps it waiting.",
    (CUSTOMERS, SAGA, STOCK),
)
