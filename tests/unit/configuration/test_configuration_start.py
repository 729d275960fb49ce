"""The start of a process: the service, else the copy, else a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
import responses
from pydantic import HttpUrl, SecretStr

from chassis.configuration.client import Given
from chassis.configuration.copies import LastKnownGood
from chassis.configuration.reach import ConfigurationReach
from chassis.configuration.start import obtain
from chassis.logs import EX_CONFIG, configure_logs
from tests.unit.configuration.samples import NEW, OLD

URL = "http://config:8000/main/shop-default.json"


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """The folder of the copy."""
    return tmp_path


def reach(copies: Path, **values: Any) -> ConfigurationReach:
    given: dict[str, Any] = {
        "config_url": HttpUrl("http://config:8000"), "config_application": "shop",
        "config_password": SecretStr("p" * 33), "config_copies": copies,
        "config_patience": 0, "config_patience_with_copy": 0,
    }  # fmt: skip
    return ConfigurationReach(**{**given, **values})


def stopped(configured: ConfigurationReach, capsys: pytest.CaptureFixture[str]) -> str:
    configure_logs("test")
    with pytest.raises(SystemExit) as ended:
        obtain(configured)
    assert ended.value.code == EX_CONFIG
    return capsys.readouterr().out


@responses.activate
def test_service_is_asked_and_the_copy_written(copies: Path) -> None:
    """Under the application's name and password; an empty text is no value."""
    responses.get(URL, json={"limit": 2, "note": ""}, headers={"ETag": f'"{NEW}"'})
    assert obtain(reach(copies)) == (Given(NEW, {"limit": 2}), "service")
    assert responses.calls[0].request.headers["Authorization"].startswith("Basic ")
    assert LastKnownGood(reach(copies)).read() == Given(NEW, {"limit": 2})


def test_without_a_url_nobody_is_asked(copies: Path) -> None:
    """There are only the environment and the defaults."""
    assert obtain(reach(copies, config_url=None)) == (None, "none")


@responses.activate
def test_copy_is_used_while_the_service_is_away(copies: Path) -> None:
    """An answer that means nothing is none."""
    LastKnownGood(reach(copies)).write(Given(OLD, {"limit": 2}))
    responses.get(URL, status=503)
    assert obtain(reach(copies)) == (Given(OLD, {"limit": 2}), "copy")


@responses.activate
def test_service_is_asked_again(copies: Path) -> None:
    """A service that comes a moment later is waited for."""
    responses.get(URL, status=502)
    responses.get(URL, json={"limit": 2}, headers={"ETag": f'"{NEW}"'})
    assert obtain(reach(copies, config_patience=5))[1] == "service"


@responses.activate
@pytest.mark.parametrize("fail_fast", [True, False])
def test_neither_service_nor_copy(copies: Path, capsys: pytest.CaptureFixture[str], *, fail_fast: bool) -> None:
    """The process ends with a sentence; failing fast, although there is a copy."""
    if fail_fast:
        LastKnownGood(reach(copies)).write(Given(OLD, {}))
    responses.get(URL, status=503)
    assert "does not answer" in stopped(reach(copies, config_fail_fast=fail_fast), capsys)


@responses.activate
def test_refusal_ends_the_process(copies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong password is a mistake to mend, not an outage to sit out."""
    LastKnownGood(reach(copies)).write(Given(OLD, {}))
    responses.get(URL, status=401, json={"detail": "The name or the password is wrong."})
    assert "CONFIG_PASSWORD" in stopped(reach(copies), capsys)


def test_copy_is_not_in_clear(copies: Path) -> None:
    """It may hold decrypted secrets: nobody reads it without the service's password, and only its owner opens it."""
    LastKnownGood(reach(copies)).write(Given(NEW, {"password": "hush"}))
    [file] = copies.iterdir()
    assert b"hush" not in file.read_bytes()
    assert NEW.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert LastKnownGood(reach(copies, config_password=SecretStr("another"))).read() is None


def test_forged_copy_is_not_believed(copies: Path) -> None:
    """Neither is a damaged one."""
    copy = LastKnownGood(reach(copies))
    copy.write(Given(NEW, {"limit": 2}))
    [file] = copies.iterdir()
    file.write_text(json.dumps({"commit": NEW, "values": {"limit": 9}}))
    assert copy.read() is None


def test_copy_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    """It is only missed when it is needed."""
    LastKnownGood(reach(tmp_path / "no-such-folder")).write(Given(NEW, {}))
