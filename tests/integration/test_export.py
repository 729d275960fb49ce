"""Spans from a process of ours, through the real Collector, to the real Zipkin."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from chassis import telemetry
from chassis.spans import broker as spans
from chassis.storage.outbox import StoredEvent
from tests.integration.servers import ROOT, image_of
from tests.polling import eventually

pytestmark = pytest.mark.timeout(240)  # Zipkin starts in seconds, but not on a machine that is busy


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where the Collector takes spans and where Zipkin answers, with the stack's own configuration."""
    config = yaml.safe_load((ROOT / "monitoring" / "otel-collector" / "config.yaml").read_text())
    config["service"]["pipelines"].pop("logs")
    config["service"]["extensions"] = ["health_check"]
    for section, name in (("receivers", "filelog"), ("exporters", "otlphttp/loki"), ("extensions", "file_storage")):
        config[section].pop(name)
    path: Path = tmp_path_factory.mktemp("collector") / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    path.parent.chmod(0o755)
    with Network() as network:
        zipkin = DockerContainer(image_of("zipkin")).with_network(network).with_network_aliases("zipkin")
        zipkin.with_env("JAVA_OPTS", "-Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1")
        collector = DockerContainer(image_of("otel-collector")).with_network(network)
        collector.with_volume_mapping(str(path), "/config.yaml", "ro").with_command("--config=/config.yaml")
        with zipkin.with_exposed_ports(9411), collector.with_exposed_ports(4318, 13133):
            found = f"http://{zipkin.get_container_host_ip()}:{zipkin.get_exposed_port(9411)}"
            health = f"http://{collector.get_container_host_ip()}:{collector.get_exposed_port(13133)}"
            eventually(lambda: requests.get(f"{found}/health", timeout=3).raise_for_status(), seconds=150)
            eventually(lambda: requests.get(health, timeout=3).raise_for_status(), seconds=60)
            yield f"http://{collector.get_container_host_ip()}:{collector.get_exposed_port(4318)}", found


def test_spans_arrive_with_their_parents(addresses: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Live spans and written ones are one trace, with process, store, broker, tags and failure as Zipkin shows them."""
    endpoint, zipkin = addresses
    provider = TracerProvider(resource=Resource.create({"service.name": "orders-worker"}))
    processor = telemetry.processor_for(endpoint)
    provider.add_span_processor(processor)
    leaves = telemetry.Leaves()
    leaves.write_to(processor, provider.resource)
    monkeypatch.setattr(spans, "leaves", leaves)
    with provider.get_tracer("test").start_as_current_span("root") as root:
        traceparent = telemetry.current_traceparent()
        leaves.write("find orders", SpanKind.CLIENT, {"peer.service": "mongodb"}, time.time_ns(), "Timeout")
    spans.note_sending("orders", StoredEvent("id-1", "order.placed", "{}", traceparent))
    trace_id = f"{root.get_span_context().trace_id:032x}"

    def arrived() -> None:
        found = requests.get(f"{zipkin}/api/v2/trace/{trace_id}", timeout=3).json()
        by_name = {span["name"]: span for span in found}
        assert set(by_name) == {"root", "find orders", "send orders:order.placed"}
        assert {span["localEndpoint"]["serviceName"] for span in found} == {"orders-worker"}
        find, send = by_name["find orders"], by_name["send orders:order.placed"]
        assert {find["parentId"], send["parentId"]} == {by_name["root"]["id"]}
        assert find["remoteEndpoint"]["serviceName"] == "mongodb"
        assert (find["tags"]["error"], find["tags"]["otel.status_description"]) == ("true", "Timeout")
        assert (send["kind"], send["remoteEndpoint"]["serviceName"]) == ("PRODUCER", "rabbitmq")
        assert send["tags"]["messaging.destination.name"] == "orders:order.placed"

    eventually(arrived, seconds=30)
    provider.shutdown()
