"""Grafana's dashboards: as the script writes them, as Grafana's own models know them, and complete in words."""

import json
import re
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.models import units

from catalogue.metrics import declared
from monitoring.dashboards import DASHBOARDS
from monitoring.dashboards.__main__ import TARGET, main
from monitoring.dashboards.model import Dashboard
from tests.contract.grafana_models import misfits, unknown_fields

PROVISIONING = Path(__file__).parents[2] / "monitoring" / "grafana" / "provisioning"
UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("_")}

each = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.uid)


@each
def test_grafana_models_know_every_field(dashboard: Dashboard) -> None:
    """Read and written again by Grafana's own models, nothing is lost: they drop what they do not know."""
    assert unknown_fields(dashboard.as_json()) == {}


@each
def test_every_value_is_of_its_type(dashboard: Dashboard) -> None:
    """Numbers, words and enumerations are what Grafana's own models declare."""
    assert misfits(dashboard.as_json()) == []


@each
def test_every_panel_explains_itself(dashboard: Dashboard) -> None:
    """Title, unit that Grafana knows, and a description in a whole sentence; no two titles in a row are the same."""
    for panel in dashboard.panels:
        assert panel.title
        assert panel.unit in UNITS, panel.title
        assert panel.description.endswith("."), panel.title
        assert panel.queries, panel.title
    for row in dashboard.rows:
        titles = [panel.title for panel in row.panels]
        assert len(titles) == len(set(titles))


@each
def test_panels_do_not_overlap(dashboard: Dashboard) -> None:
    """Each cell of the grid belongs to one panel at most, and each panel has its own number."""
    cells: set[tuple[int, int]] = set()
    numbers = [panel["id"] for panel in dashboard.as_json()["panels"]]
    for panel in dashboard.as_json()["panels"]:
        place = panel["gridPos"]
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in mine) < 24
        assert not cells & mine, panel["title"]
        cells |= mine
    assert len(numbers) == len(set(numbers))


def test_committed_files_are_those_of_the_script() -> None:
    """`make check` sees any difference."""
    assert main(["--check"], TARGET) == 0


def test_drift_is_noticed_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed, a missing and a foreign file are named; writing again leaves exactly the right ones."""
    main([], tmp_path)
    (tmp_path / "overview.json").write_text("{}")
    (tmp_path / "edge.json").unlink()
    (tmp_path / "old.json").write_text("{}")
    assert main(["--check"], tmp_path) == 1
    named = [line.split()[0] for line in capsys.readouterr().err.splitlines()]
    assert named == ["edge.json", "old.json", "overview.json"]
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


def test_every_metric_of_ours_is_shown() -> None:
    """A metric that no panel shows is one that nobody looks at."""
    shown = " ".join(query.expr for dashboard in DASHBOARDS for panel in dashboard.panels for query in panel.queries)
    assert [name for name in declared() if not re.search(rf"\b{name}(_bucket|_count|_sum)?\b", shown)] == []


def test_datasources_are_those_that_panels_name() -> None:
    """Each reference leads to a provisioned datasource; logs lead to traces, and traces to logs."""
    provisioned = yaml.safe_load((PROVISIONING / "datasources" / "datasources.yml").read_text())["datasources"]
    known = {source["uid"]: source for source in provisioned}
    assert set(known) == {"prometheus", "loki", "zipkin", "alertmanager"}
    for dashboard in DASHBOARDS:
        for panel in dashboard.panels:
            assert known[panel.source.uid]["type"] == panel.source.type
    assert {field["datasourceUid"] for field in known["loki"]["jsonData"]["derivedFields"]} == {"zipkin"}
    assert known["zipkin"]["jsonData"]["tracesToLogsV2"]["datasourceUid"] == "loki"


@pytest.mark.parametrize(
    "line",
    [
        {"event": "request", "trace_id": "0af7651916cd43dd8448eb211c80319c", "level": "info"},
        {"request_Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "level": "info"},
    ],
    ids=["ours", "the edge's"],
)
def test_log_line_yields_its_trace_id(line: dict[str, str]) -> None:
    """One of the expressions that make the link finds the id in a line, as structlog and as Traefik write it."""
    provisioned = yaml.safe_load((PROVISIONING / "datasources" / "datasources.yml").read_text())["datasources"]
    loki = next(source for source in provisioned if source["uid"] == "loki")
    found = [re.search(field["matcherRegex"], json.dumps(line)) for field in loki["jsonData"]["derivedFields"]]
    assert [match.group(1) for match in found if match] == ["0af7651916cd43dd8448eb211c80319c"]
