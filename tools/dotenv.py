"""The .env file: made from .env.example with random secrets, completed after updates, never changed otherwise."""

import base64
import os
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path

PASSWORD_BYTES = 24
KEY_BYTES = 32

# What means "not given" while it is empty; everything else is generated.
OPTIONAL = frozenset({"CONFIG_REPOSITORY_URL", "LOG_LEVEL", "SMTP_USER", "SMTP_PASSWORD", "TRACE_SAMPLE_RATIO"})


def parse(text: str) -> dict[str, str]:
    """The variables of a file of NAME=value lines; comments and blank lines mean nothing."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def generate(name: str) -> str:
    """A random value of the form that the name calls for. All are safe in URLs and in Compose files."""
    if name in OPTIONAL:
        return ""
    if name.startswith("CONSUL_"):
        return str(uuid.uuid4())
    if name in {"TOKEN_KEY_SECRET", "CONFIG_ENCRYPTION_KEYS"}:
        return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    # No leading "-": some tools would take the password for an option.
    return "q" + secrets.token_urlsafe(PASSWORD_BYTES)


def complete(existing: str, example: str, fixed: Mapping[str, str] | None = None) -> str:
    """The text to append to an existing file: the example's blocks with the variables that it lacks.

    Args:
        existing: what the file holds now.
        example: comments and NAME=value lines; an empty value is generated.
        fixed: values that replace the example's.
    """
    known, fixed = parse(existing), fixed or {}
    blocks = []
    for block in example.split("\n\n"):
        lines = block.strip().splitlines()
        missing = [name for name in parse(block) if name not in known]
        if missing:
            defaults = parse(block)
            comment = [line for line in lines if line.startswith("#")]
            values = [f"{name}={fixed.get(name) or defaults[name] or generate(name)}" for name in missing]
            blocks.append("\n".join(comment + values) + "\n")
    return "\n".join(blocks)


def write(path: Path, example: Path, fixed: Mapping[str, str] | None = None) -> list[str]:
    """Makes or completes the file, readable by its owner alone. Returns the names of the variables added."""
    existing = path.read_text() if path.exists() else ""
    addition = complete(existing, example.read_text(), fixed)
    if not addition:
        return []
    separator = "\n" if existing else ""
    temporary = path.with_name(f"{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(existing + separator + addition)
    temporary.replace(path)
    return list(parse(addition))
