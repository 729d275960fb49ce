"""Metrics stay few: labels hold names of a fixed set, never what customers or messages bring along."""

import re

from tests.e2e import alerting
from tests.e2e.client import Client
from tests.polling import eventually

# An id, a host's random name behind a prefix aside; an e-mail address; a SKU of these tests.
FORBIDDEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[^@\s]+@example\.com|TEST-[0-9A-F]{10}")
MOST_OF_ONE = 150
MOST_SERIES = 30_000


def test_no_label_holds_an_id(manager: Client, customer: Client) -> None:
    """After an order and its reading, no label value of any series looks like an id, an address or a SKU."""
    order = customer.settled(customer.place(manager.add_product(stock=1))["id"])
    customer.order(order["id"])
    eventually(lambda: counted("sum(order_saga_seconds_count)"), seconds=30)
    found = {value for name in alerting.label_names() for value in alerting.label_values(name)}
    assert sorted(value for value in found if FORBIDDEN.search(value)) == []


def test_no_metric_has_many_series() -> None:
    """Histograms' buckets aside, one metric has at most some dozens of series in each process."""
    worst = alerting.query('topk(1, count by (__name__, job, instance) ({__name__=~".+", __name__!~".+_bucket"}))')[0]
    assert float(worst["value"][1]) <= MOST_OF_ONE, worst["metric"]
    assert float(alerting.query('count({__name__=~".+"})')[0]["value"][1]) <= MOST_SERIES


def counted(expression: str) -> None:
    assert float(alerting.query(expression)[0]["value"][1]) > 0
