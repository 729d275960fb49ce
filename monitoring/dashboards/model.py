"""Panels and dashboards in our own few words, and the JSON that Grafana makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SCHEMA_VERSION = 41
COLUMNS = 24


@dataclass(frozen=True)
class Source:
    """A provisioned datasource."""

    type: str
    uid: str

    def as_json(self) -> Json:
        """The reference that panels and queries carry."""
        return {"type": self.type, "uid": self.uid}


PROMETHEUS = Source("prometheus", "prometheus")
LOKI = Source("loki", "loki")


@dataclass(frozen=True)
class Query:
    """One query; `legend` names its series by their labels. An instant one asks for the last value alone."""

    expr: str
    legend: str = "__auto"
    instant: bool = False

    def as_json(self, ref: str, source: Source) -> Json:
        """As a panel's target."""
        common: Json = {"refId": ref, "datasource": source.as_json(), "expr": self.expr, "legendFormat": self.legend}
        if source is LOKI:
            return {**common, "queryType": "instant" if self.instant else "range"}
        return {**common, "instant": self.instant, "range": not self.instant, "editorMode": "code"}


@dataclass(frozen=True)
class Panel:
    """One panel. Title, unit and description are not optional: who looks at it at night knows nothing."""

    title: str
    unit: str
    description: str
    queries: tuple[Query, ...]
    type: str = "timeseries"
    source: Source = PROMETHEUS
    width: int = 8
    height: int = 8
    red_from: float | None = None
    """The value from which on it shows red."""

    def as_json(self, number: int, x: int, y: int) -> Json:
        """The panel at its place."""
        targets = [query.as_json(chr(ord("A") + index), self.source) for index, query in enumerate(self.queries)]
        return {
            "id": number,
            "type": self.type,
            "title": self.title,
            "description": self.description,
            "datasource": self.source.as_json(),
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": targets,
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": _OPTIONS[self.type],
        }

    def _defaults(self) -> Json:
        steps: list[Json] = [{"color": "green", "value": None}]
        if self.red_from is not None:
            steps.append({"color": "red", "value": self.red_from})
        defaults: Json = {"unit": self.unit, "thresholds": {"mode": "absolute", "steps": steps}}
        if self.type != "timeseries":
            return {**defaults, "color": {"mode": "thresholds"}}
        lines = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": False}
        if self.red_from is not None:
            lines["thresholdsStyle"] = {"mode": "dashed"}
        return {**defaults, "color": {"mode": "palette-classic"}, "min": 0, "custom": lines}


_OPTIONS: dict[str, Json] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "background",
        "graphMode": "area",
        "justifyMode": "auto",
        "textMode": "auto",
        "orientation": "auto",
    },
    "logs": {
        "showTime": True,
        "showLabels": False,
        "showCommonLabels": False,
        "wrapLogMessage": True,
        "prettifyLogMessage": False,
        "enableLogDetails": True,
        "dedupStrategy": "none",
        "sortOrder": "Descending",
    },
}


@dataclass(frozen=True)
class Choice:
    """A variable at the top of a dashboard: one or several values of a label, or all of them."""

    name: str
    label: str
    source: Source
    values: str | Json
    """The query for the values, in the words of the datasource."""

    def as_json(self) -> Json:
        """As a template variable."""
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": self.source.as_json(),
            "query": self.values,
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".+",
            "current": {"text": ["All"], "value": ["$__all"]},
            "options": [],
            "hide": 0,
        }


@dataclass(frozen=True)
class Words:
    """A variable that is typed: empty at first."""

    name: str
    label: str

    def as_json(self) -> Json:
        """As a template variable."""
        return {
            "type": "textbox",
            "name": self.name,
            "label": self.label,
            "query": "",
            "current": {"text": "", "value": ""},
            "options": [],
            "hide": 0,
        }


@dataclass(frozen=True)
class Row:
    """Panels under one heading, in the order in which they fill the width."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """A page of rows. Its uid is also the name of its file and a part of its address."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Choice | Words, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, whatever their row."""
        return tuple(panel for row in self.rows for panel in row.panels)

    def as_json(self) -> Json:
        """What Grafana loads."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["quadrille"],
            "schemaVersion": SCHEMA_VERSION,
            "editable": False,
            "graphTooltip": 1,
            "timezone": "browser",
            "time": {"from": "now-30m", "to": "now"},
            "refresh": "10s",
            "links": [_OTHER_DASHBOARDS],
            "annotations": {"list": []},
            "templating": {"list": [variable.as_json() for variable in self.variables]},
            "panels": _placed(self.rows),
        }


_OTHER_DASHBOARDS: Json = {
    "title": "Quadrille",
    "type": "dashboards",
    "icon": "external link",
    "tooltip": "The other dashboards",
    "tags": ["quadrille"],
    "asDropdown": False,
    "targetBlank": False,
    "includeVars": False,
    "keepTime": True,
}


def _placed(rows: Sequence[Row]) -> list[Json]:
    """Headings and panels with their numbers and places, from left to right and from top to bottom."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        placed.append(_heading(row, len(placed) + 1, y))
        y += 1
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            placed.append(panel.as_json(len(placed) + 1, x, y))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
    return placed


def _heading(row: Row, number: int, y: int) -> Json:
    place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
    return {"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": place, "panels": []}
