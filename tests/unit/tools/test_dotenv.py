"""The .env file: what is generated, what is added, and what is never touched."""

import base64
import re
import stat
import uuid
from pathlib import Path

from tools import dotenv
from tools.paths import EXAMPLE, ROOT

SMALL = "# Ports.\nWEB_PORT=80\nUI_PORT=81\n\n# A secret.\nDB_PASSWORD=\n"


def test_parse_skips_comments_and_blanks() -> None:
    """Only NAME=value lines count, and a value may hold an equals sign."""
    assert dotenv.parse("# A=1\n\nB = two\nC=x=y\n") == {"B": "two", "C": "x=y"}


def test_empty_values_are_generated() -> None:
    """Defaults are kept, secrets made."""
    values = dotenv.parse(dotenv.complete("", SMALL))
    assert values["WEB_PORT"] == "80"
    assert re.fullmatch(r"[\w-]{32,}", values["DB_PASSWORD"])


def test_passwords_differ() -> None:
    """Two files never share a secret."""
    first, second = (dotenv.parse(dotenv.complete("", SMALL))["DB_PASSWORD"] for _ in range(2))
    assert first != second


def test_missing_variables_are_added_alone() -> None:
    """An update's variables come with their comment; what is there is not repeated."""
    assert dotenv.complete("WEB_PORT=8000\nDB_PASSWORD=x\n", SMALL) == "# Ports.\nUI_PORT=81\n"


def test_complete_file_is_left_alone() -> None:
    """Nothing is added where nothing is missing."""
    assert not dotenv.complete(dotenv.complete("", SMALL), SMALL)


def test_fixed_values_win() -> None:
    """The test stack gives its own ports."""
    assert dotenv.parse(dotenv.complete("", SMALL, {"WEB_PORT": "4711"}))["WEB_PORT"] == "4711"


def test_consul_tokens_are_uuids() -> None:
    """Consul takes nothing else as a secret id."""
    token = dotenv.generate("CONSUL_HTTP_TOKEN")
    assert str(uuid.UUID(token)) == token


def test_key_secret_has_32_bytes() -> None:
    """Fernet wants 32 bytes in URL-safe base64."""
    assert len(base64.urlsafe_b64decode(dotenv.generate("TOKEN_KEY_SECRET"))) == 32


def test_file_is_private(tmp_path: Path) -> None:
    """Only its owner reads it, and a second run keeps every value."""
    path, example = tmp_path / ".env", tmp_path / "example"
    example.write_text(SMALL)
    assert dotenv.write(path, example) == ["WEB_PORT", "UI_PORT", "DB_PASSWORD"]
    before = path.read_text()
    assert dotenv.write(path, example) == []
    assert path.read_text() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_example_holds_no_secret() -> None:
    """Everything secret by its name is empty in the repository."""
    secret = re.compile(r"PASSWORD|TOKEN|SECRET|COOKIE")
    assert not [name for name, value in dotenv.parse(EXAMPLE.read_text()).items() if secret.search(name) and value]


def test_example_names_what_compose_reads() -> None:
    """No variable of docker-compose.yml is missing from .env.example."""
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert not read - dotenv.parse(EXAMPLE.read_text()).keys()


def test_optional_variables_stay_empty() -> None:
    """What may be left out is not made up."""
    assert dotenv.complete("", "CONFIG_REPOSITORY_URL=\n") == "CONFIG_REPOSITORY_URL=\n"
