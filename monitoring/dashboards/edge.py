"""Edge: Traefik, its routes and limits, and ForwardAuth, which every request passes."""

from monitoring.dashboards.model import Dashboard, Panel, Query, Row
from monitoring.dashboards.queries import quantile, rate, ratio

_WEB = 'entrypoint="web"'
_LIMITED = 'entrypoint="web", code="429"'

TRAEFIK = Row(
    "Traefik",
    (
        Panel(
            "Requests by status",
            "reqps",
            "Requests a second at the public port, those included that end at the edge.",
            (Query(rate("traefik_entrypoint_requests_total", _WEB, by="code"), "{{code}}"),),
        ),
        Panel(
            "Requests by service",
            "reqps",
            "Requests a second that Traefik passed on. A service that is missing here has no route: see Consul.",
            (Query(rate("traefik_service_requests_total", by="service"), "{{service}}"),),
        ),
        Panel(
            "Failures by service",
            "percentunit",
            "Share of each service's requests that came back with a 5xx status, 502 and 503 of Traefik included.",
            (
                Query(
                    ratio(
                        rate("traefik_service_requests_total", 'code=~"5.."', by="service"),
                        rate("traefik_service_requests_total", by="service"),
                    ),
                    "{{service}}",
                ),
            ),
            red_from=0.01,
        ),
        Panel(
            "Latency at the edge",
            "s",
            "As a client sees it: ForwardAuth, the service, and the way between.",
            (
                Query(quantile(0.5, "traefik_entrypoint_request_duration_seconds", _WEB), "p50"),
                Query(quantile(0.95, "traefik_entrypoint_request_duration_seconds", _WEB), "p95"),
                Query(quantile(0.99, "traefik_entrypoint_request_duration_seconds", _WEB), "p99"),
            ),
        ),
        Panel(
            "Latency by service, p95",
            "s",
            "What Traefik waits for. Far above the API's own latency: requests queue in front of its threads.",
            (Query(quantile(0.95, "traefik_service_request_duration_seconds", by="service"), "{{service}}"),),
        ),
        Panel(
            "Turned away by limits",
            "reqps",
            "Requests a second that were answered with 429.",
            (Query(f"{rate('traefik_entrypoint_requests_total', _LIMITED)} or vector(0)", "429"),),
        ),
        Panel(
            "Open connections",
            "short",
            "Connections of clients, and Traefik's own to its internal port.",
            (Query("sum by (entrypoint) (traefik_open_connections)", "{{entrypoint}}"),),
        ),
        Panel(
            "Changes of the routes",
            "short",
            "New configurations of the last ten minutes. Each start and stop of an API is one; many: something flaps.",
            (Query("sum(increase(traefik_config_reloads_total[10m]))", "changes"),),
        ),
    ),
)

FORWARDAUTH = Row(
    "ForwardAuth",
    (
        Panel(
            "Verdicts",
            "reqps",
            "Answers a second to Traefik. 200: may pass; 401: no valid token; 503: the signing keys are out of reach.",
            (Query(rate("forwardauth_verdicts_total", by="status"), "{{status}}"),),
        ),
        Panel(
            "Time for a verdict",
            "s",
            "Every request waits for it. A known key is checked in memory; an unknown one is asked for at users.",
            (
                Query(quantile(0.5, "forwardauth_verify_seconds"), "p50"),
                Query(quantile(0.99, "forwardauth_verify_seconds"), "p99"),
            ),
            red_from=0.05,
        ),
        Panel(
            "Security events",
            "short",
            "Of the last hour, as the users service counts them: failed log-ins, spent tokens that come again.",
            (Query("sum by (event) (increase(security_events_total[1h]))", "{{event}}"),),
        ),
        Panel(
            "CPU of Traefik and ForwardAuth",
            "percentunit",
            "Share of one core.",
            (Query(rate("process_cpu_seconds_total", 'job=~"traefik|forwardauth"', by="job"), "{{job}}"),),
        ),
    ),
)

EDGE = Dashboard("edge", "Edge", "What clients see: Traefik and ForwardAuth.", (TRAEFIK, FORWARDAUTH))
