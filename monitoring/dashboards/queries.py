"""PromQL that several dashboards say in the same way."""

_REQUESTS = "flask_http_request_duration_seconds_count"

CPU = 'sum by (job) (rate(process_cpu_seconds_total{job!=""}[$__rate_interval]))'
MEMORY = 'sum by (job) (process_resident_memory_bytes{job!=""})'


def request_rate(matchers: str = "", *, by: str = "") -> str:
    """Requests a second that the APIs have answered."""
    return rate(_REQUESTS, matchers, by=by)


def rate(counter: str, matchers: str = "", *, by: str = "") -> str:
    """A counter's increase a second, summed by labels."""
    return f"sum{_by(by)} (rate({counter}{_where(matchers)}[$__rate_interval]))"


def ratio(part: str, whole: str) -> str:
    """The part's share; 0 where there is a whole and no part, instead of nothing."""
    return f"({part} or 0 * {whole}) / ({whole} > 0)"


def quantile(share: float, histogram: str, matchers: str = "", *, by: str = "") -> str:
    """A quantile of a histogram over the last moments."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, {rate(f'{histogram}_bucket', matchers, by=labels)})"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""


def _where(matchers: str) -> str:
    return f"{{{matchers}}}" if matchers else ""
