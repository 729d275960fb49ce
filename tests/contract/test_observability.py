"""docs/observability.md: its table of metrics, and the queries that it gives."""

import re
from pathlib import Path

import pytest

from catalogue.metrics import declared, main

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
# An id in a label makes a series of each value.
IDS = re.compile(r"(^|_)(id|user|order|sku|email|trace|path|url)(_|$)")


def test_difference_is_noticed_and_mended(tmp_path: Path) -> None:
    """A table that lacks a metric is named; written again, it is complete."""
    page = tmp_path / "page.md"
    page.write_text(re.sub(r"\| `relay_leading`.*\n", "", PAGE.read_text()))
    assert main(["--check"], page) == 1
    assert main([], page) == 0
    assert main(["--check"], page) == 0
    assert "| `relay_leading` |" in page.read_text()


@pytest.mark.parametrize("name", declared())
def test_labels_hold_no_ids(name: str) -> None:
    """Each metric has few series, explains itself, and ends in its unit where it has one."""
    family, labels = declared()[name]
    assert [label for label in labels if IDS.search(label)] == []
    assert family.documentation
    assert family.type != "histogram" or name.endswith("_seconds")


def test_there_are_ten_questions_with_a_query_each() -> None:
    """Each question comes with something to run."""
    sections = re.split(r"^### \d+\. ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    assert len(sections) == 10
    assert [each.splitlines()[0] for each in sections if not re.search(r"```(promql|logql|sh)\n", each)] == []
