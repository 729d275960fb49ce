"""The recipes of the offline images, and the order in which they are built."""

import json
import re
from pathlib import Path

import pytest

from tools import golang, offline
from tools.paths import OFFLINE, ROOT


@pytest.mark.parametrize(
    ("image", "name"),
    [("postgres:17.12", "postgres"), ("prom/prometheus:v2.53.3", "prometheus"), ("here:5000/a/b:1", "b")],
)
def test_folder_is_the_last_part(image: str, name: str) -> None:
    """Without registry, owner and tag."""
    assert offline.folder(image).name == name


def test_parents_skip_stages() -> None:
    """A stage of the same file is no image."""
    text = "FROM python:3 AS fetch\nRUN x\nFROM base:1\nCOPY --from=fetch /a /b\nFROM fetch\n"
    assert offline.parents(text) == ["python:3", "base:1"]


def recipes() -> list[str]:
    return sorted(path.parent.name for path in OFFLINE.glob("*/Dockerfile"))


@pytest.mark.parametrize("name", recipes())
def test_recipes_end_at_the_root(name: str) -> None:
    """What a recipe is built on is a recipe, too: no registry is asked."""
    for parent in offline.parents((OFFLINE / name / "Dockerfile").read_text()):
        assert offline.has_recipe(parent), parent


def test_compiled_recipes_are_known() -> None:
    """The order of the compilers names each recipe that has a compile.sh, and no other."""
    assert set(offline.COMPILED) == {path.parent.name for path in OFFLINE.glob("*/compile.sh")}


def test_every_pinned_image_has_a_recipe() -> None:
    """Docker-compose.yml names no image that could not be built, but for Grafana."""
    images = re.findall(r"^ +image: ([^$\s]+)$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)
    without = {image.partition(":")[0] for image in images if not offline.has_recipe(image)}
    assert without <= {"grafana/grafana"}


def test_long_builds_come_first() -> None:
    """Consul is on the order path, so it leads."""
    images = ["postgres:17.12", "grafana/loki:3.7.8", "hashicorp/consul:1.22"]
    assert sorted(images, key=offline.urgency) == [images[2], images[1], images[0]]


def test_proxies_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name only: the value may hold a password."""
    for name in offline.PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy:3128")
    assert offline.proxy_arguments() == ["--build-arg", "HTTPS_PROXY"]


@pytest.mark.parametrize(("text", "enough"), [("go1.26.5", True), ("go1.21", True), ("go1.19.8", False), ("", False)])
def test_go_switches_itself(text: str, enough: bool) -> None:  # noqa: FBT001 - a table's column
    """From 1.21 on, Go gets the newer release that a program needs."""
    assert (golang.version(text) >= golang.SWITCHES_ITSELF) is enough


@pytest.fixture
def two_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the recipes of `child:1` and of its parent."""
    monkeypatch.setattr(offline, "OFFLINE", tmp_path)
    for name, text in (("parent", f"FROM {offline.ROOTFS}\n"), ("child", "FROM here/parent:1\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
    return tmp_path


@pytest.mark.parametrize("changed", ["child/Dockerfile", "child/etc/settings", "parent/start"])
def test_digest_is_of_all_that_is_written(two_recipes: Path, changed: str) -> None:
    """Of the recipe's own files and of its parents', for an image is made of both."""
    before = offline.digest("child:1")
    (two_recipes / changed).parent.mkdir(exist_ok=True)
    (two_recipes / changed).write_text("FROM here/parent:1\nRUN more\n")
    assert offline.digest("child:1") != before


@pytest.mark.parametrize("made", ["child/.build/program", "child/host-ca.crt"])
def test_digest_is_not_of_what_was_made(two_recipes: Path, made: str) -> None:
    """A compiled program and this machine's certificates change nothing."""
    before = offline.digest("child:1")
    (two_recipes / made).parent.mkdir(exist_ok=True)
    (two_recipes / made).write_text("made")
    assert offline.digest("child:1") == before


@pytest.mark.usefixtures("two_recipes")
def test_outdated_are_those_of_another_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or of one that nobody wrote down; not what has no recipe any more."""
    rows = [
        {"tags": ["child:1"], "recipe": "0123456789abcdef"},
        {"tags": ["here/parent:1"], "recipe": offline.digest("parent:1")},
        {"tags": ["parent:0"], "recipe": None},
        {"tags": ["gone:1", offline.ROOTFS], "recipe": None},
        {"tags": None, "recipe": None},
    ]
    listing = "\n".join(json.dumps(row) for row in rows)
    monkeypatch.setattr(offline, "capture", lambda *command: listing if "inspect" in command else "1 2 3 4 5")
    assert offline.outdated() == {"child:1", "parent:0"}
