"""Writes docs/events from the publishers' models: `make contracts`; with --check, says what is wrong or out of date.

A committed schema version is never changed, nor removed and written anew: a new shape is a new version. Within a major
version each minor one must still serve the readers of those before it.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from asyncapi3.models import AsyncAPI3
from pydantic import BaseModel, ValidationError

from catalogue import SERVICES, published
from catalogue.asyncapi import document
from catalogue.schemas import breaks, same_structure, schema_of
from chassis.messaging.events import event_type, schema_version
from tools.shell import capture

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "events"
SCHEMAS = TARGET / "schemas"


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _path(model: type[BaseModel]) -> Path:
    return SCHEMAS / event_type(model) / f"{schema_version(model)}.json"


def files() -> dict[Path, str]:
    """Everything that docs/events should hold of the present models."""
    models = [model for service in SERVICES for model in published(service)]
    return {TARGET / "asyncapi.json": _text(document()), **{_path(model): _text(schema_of(model)) for model in models}}


def changed_versions() -> list[str]:
    """Models whose committed version has another shape."""
    return [
        f"{model.__name__} has changed, but schema_version is still {schema_version(model)}: raise it"
        for service in SERVICES
        for model in published(service)
        if _path(model).exists() and not same_structure(json.loads(_path(model).read_text()), schema_of(model))
    ]


def changed_since_head(root: Path = ROOT) -> list[str]:
    """Schemas that git's HEAD has and the tree lacks, or has in another shape. Without git, or a commit, none."""
    git = ("git", "-C", str(root))
    changed = capture(*git, "diff", "--name-only", "--no-renames", "--relative", "HEAD", "--", "docs/events/schemas")
    mistakes = []
    for name in (changed or "").splitlines():
        before, path = capture(*git, "show", f"HEAD:./{name}"), root / name
        if before is None:
            continue  # a new one, not yet committed
        if not path.exists():
            mistakes.append(f"{name} is in git's HEAD, but gone: restore it")
        elif not same_structure(json.loads(before), json.loads(path.read_text())):
            mistakes.append(f"{name} has another shape than in git's HEAD: raise schema_version")
    return mistakes


def incompatible_versions(schemas: Path = SCHEMAS) -> list[str]:
    """Minor versions that break the readers of the one before."""
    mistakes = []
    for folder in sorted(schemas.iterdir()) if schemas.exists() else ():
        versions = sorted((tuple(int(part) for part in path.stem.split(".")), path) for path in folder.glob("*.json"))
        for (old, old_path), (new, new_path) in pairwise(versions):
            if old[0] == new[0]:
                found = breaks(json.loads(old_path.read_text()), json.loads(new_path.read_text()))
                mistakes += [f"{folder.name} {new_path.stem} breaks {old_path.stem}: {each}" for each in found]
    return mistakes


def invalid_document(text: str) -> list[str]:
    """What the AsyncAPI 3.0 specification objects to."""
    try:
        AsyncAPI3.model_validate_json(text)
    except ValidationError as error:
        return [f"asyncapi.json: {each['loc']}: {each['msg']}" for each in error.errors()]
    return []


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    wanted = files()
    mistakes = changed_versions() + changed_since_head() + incompatible_versions()
    mistakes += invalid_document(wanted[TARGET / "asyncapi.json"])
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if arguments == ["--check"]:
        mistakes += [f"{path.relative_to(TARGET)} is out of date: run `make contracts` and commit it" for path in stale]
    elif not mistakes:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path])
    for mistake in mistakes:
        print(mistake, file=sys.stderr)  # noqa: T201 - a command line tool
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
