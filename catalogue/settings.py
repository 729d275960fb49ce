"""Writes what the services export of their settings: `make settings`; with --check, says what is out of date.

config/schemas: one JSON Schema an application, by which the configuration service judges a value before it is
committed. docs/configuration.md: the table of every setting, between two marks.
"""

import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from catalogue import SERVICES, package_of
from chassis.configuration.reach import ConfigurationReach
from chassis.settings import ProcessSettings

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "config" / "schemas"
PAGE = ROOT / "docs" / "configuration.md"
BEGIN, END = "<!-- settings -->\n", "<!-- end of settings -->\n"

# Where the settings of each application are; those without events and data stand at the end.
MODULES: dict[str, tuple[str, ...]] = {
    **{service: (f"{package_of(service)}.settings", f"workers.{service}.settings") for service in SERVICES},
    "forwardauth": ("gateway.forwardauth.settings",),
    "scheduler": ("chassis.tasks.settings",),
    "ops": ("chassis.operator",),
}

Schema = Mapping[str, Any]


def models(application: str) -> list[type[BaseSettings]]:
    """The settings models of an application's processes: those that nothing in their module builds on."""
    found: list[type[BaseSettings]] = []
    for name in MODULES[application]:
        if _exists(name):
            module = importlib.import_module(name)
            kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, BaseSettings)]
            found += [kind for kind in kinds if kind.__module__ == name]
    return [kind for kind in found if not any(kind is not other and issubclass(other, kind) for other in found)]


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def schema(application: str, *, configurable: bool) -> dict[str, Any]:
    """The settings of an application's processes in one JSON Schema; all, or those that it asks the service for."""
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for kind in models(application):
        if configurable and not issubclass(kind, ProcessSettings):
            continue
        exported = kind.model_json_schema()
        required = exported.get("required", ())
        definitions |= exported.get("$defs", {})
        for name, field in exported["properties"].items():
            properties[name] = {**field, **({"required": True} if name in required else {})}
    for field in properties.values():
        field.pop("title", None)
    found = {"title": application, "properties": dict(sorted(properties.items()))}
    return {**found, "$defs": definitions} if definitions else found


def mistakes() -> list[str]:
    """Settings that do not say what they mean."""
    return [
        f"{application}: the setting {name} has no description"
        for application in MODULES
        for name, field in schema(application, configurable=False)["properties"].items()
        if not field.get("description")
    ]


def page(text: str) -> str:
    """The page with its tables made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "".join(_tables()) + "\n" + END + after


def _tables() -> Iterator[str]:
    shared = _common()
    yield "\n### Every process\n\n" + _table(shared)
    yield "\n### How a process reaches the configuration service\n\nFrom the environment alone.\n\n"
    yield _table(_inlined(ConfigurationReach.model_json_schema()), reloads=False)
    for application in MODULES:
        own = schema(application, configurable=False)["properties"]
        yield f"\n### {application}\n\n" + _table({name: each for name, each in own.items() if name not in shared})


def _common() -> dict[str, Any]:
    return _inlined(ProcessSettings.model_json_schema())


def _inlined(exported: Schema) -> dict[str, Any]:
    required = exported.get("required", ())
    return {
        name: {**field, **({"required": True} if name in required else {})}
        for name, field in exported["properties"].items()
    }


def _table(fields: Mapping[str, Any], *, reloads: bool = True) -> str:
    lines = ["| setting | type | default | reloads | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, field in sorted(fields.items()):
        default = "*needed*" if field.get("required") else _default(field)
        follows = "yes" if reloads and field.get("reloadable") else "no"
        meaning = str(field.get("description", "")).replace("|", "\\|")
        lines.append(f"| `{name}` | {_type(field)} | {default} | {follows} | {meaning} |")
    return "\n".join(lines) + "\n"


def _default(field: Schema) -> str:
    value = field.get("default")
    if field.get("writeOnly"):
        return "none"
    return "none" if value in (None, "") else f"`{json.dumps(value)}`".replace('"', "")


def _type(field: Schema) -> str:
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"] if each.get("type") != "null")
    if field.get("writeOnly"):
        return "secret"
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    bounds = {"minimum": "≥ ", "exclusiveMinimum": "> ", "maximum": "≤ ", "exclusiveMaximum": "< "}
    limits = [f"{sign}{field[name]}" for name, sign in bounds.items() if name in field]
    kind = {"uri": "URL", "path": "path"}.get(str(field.get("format")), str(field.get("type", "text")))
    kind = {"string": "text", "boolean": "true or false"}.get(kind, kind)
    return " ".join([kind, *limits])


def files() -> dict[Path, str]:
    """Everything that should be there."""
    exported = {name: schema(name, configurable=True) for name in MODULES}
    schemas = {
        SCHEMAS / f"{name}.json": json.dumps(each, indent=2, ensure_ascii=False) + "\n"
        for name, each in exported.items()
        if each["properties"]
    }
    return {**schemas, PAGE: page(PAGE.read_text())}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    wrong = mistakes()
    wanted = files()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in SCHEMAS.glob("*.json") if path not in wanted]
    if arguments == ["--check"]:
        wrong += [f"{path.relative_to(ROOT)} is out of date: run `make settings` and commit it" for path in stale]
    elif not wrong:
        for path in stale:
            if path in wanted:
                path.write_text(wanted[path])
            else:
                path.unlink()
    for mistake in wrong:
        print(mistake, file=sys.stderr)  # noqa: T201 - a command line tool
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
