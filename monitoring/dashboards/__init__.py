"""Grafana's dashboards, as a script: `python -m monitoring.dashboards` writes the JSON that is provisioned.

`model` turns panels into JSON, `queries` holds what several say alike; each other module is one dashboard.
"""

from monitoring.dashboards.edge import EDGE
from monitoring.dashboards.logs import LOGS
from monitoring.dashboards.messaging import MESSAGING
from monitoring.dashboards.orders import ORDERS
from monitoring.dashboards.overview import OVERVIEW
from monitoring.dashboards.stores import STORES
from monitoring.dashboards.workers import WORKERS

DASHBOARDS = (OVERVIEW, ORDERS, MESSAGING, WORKERS, EDGE, STORES, LOGS)
