"""A wrong setting ends the process with one sentence that names it, never with a traceback."""

import json
from typing import Self

import pytest
from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings

from chassis.logs import EX_CONFIG, configure_logs
from chassis.settings import BrokerSettings, PostgresSettings, ProcessSettings, load_settings
from chassis.storage.postgres import create_postgres_engine


def last_line(captured: str) -> dict[str, str]:
    line: dict[str, str] = json.loads(captured.strip().splitlines()[-1])
    return line


def test_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 78, and the variable's name in words, as JSON like every other line."""
    monkeypatch.delenv("BROKER_URL", raising=False)
    with pytest.raises(SystemExit) as ended:
        load_settings(BrokerSettings, "test")
    assert ended.value.code == EX_CONFIG
    assert "The setting BROKER_URL is missing" in last_line(capsys.readouterr().out)["event"]


def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is said too, the value is not: it may be a secret."""
    monkeypatch.setenv("BROKER_URL", "http://secret@nowhere")
    with pytest.raises(SystemExit):
        load_settings(BrokerSettings, "test")
    said = last_line(capsys.readouterr().out)["event"]
    assert said.startswith("The setting BROKER_URL is wrong")
    assert "secret" not in said


def test_rule_about_several_settings_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """It belongs to no single one, and its words name them."""

    class Pair(BaseSettings):
        @model_validator(mode="after")
        def _never(self) -> Self:
            raise ValueError("A and B belong together")

    with pytest.raises(SystemExit):
        load_settings(Pair, "test")
    assert last_line(capsys.readouterr().out)["event"] == "The settings do not fit together: A and B belong together."


def test_unreachable_database_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it was looked for, as whom, and what to mend."""
    configure_logs("test")
    settings = PostgresSettings(database_url=SecretStr("postgresql+psycopg://shop:hidden@127.0.0.1:1/shop"))
    with pytest.raises(SystemExit) as ended:
        create_postgres_engine(settings, startup_timeout=0)
    said = last_line(capsys.readouterr().out)["event"]
    assert ended.value.code == EX_CONFIG
    assert "PostgreSQL at 127.0.0.1:1 cannot be used as shop" in said
    assert "DATABASE_URL" in said
    assert "hidden" not in said


def test_empty_is_none_in_whatever_order_the_bases_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose gives an empty variable for one that is not set."""

    class Settings(ProcessSettings, BrokerSettings):
        note: str | None = None

    for name, value in {"CONSUL_HTTP_TOKEN": "x", "BROKER_URL": "amqp://a:b@c:5672/d", "NOTE": ""}.items():
        monkeypatch.setenv(name, value)
    assert load_settings(Settings, "shop").note is None
