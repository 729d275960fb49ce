"""Files and answers: YAML and .properties to flat properties, and back to YAML, JSON and .properties."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from config.domain.refusals import BrokenConfiguration
from config.domain.resolution import Document, Properties, Scalar

MAX_FILE_BYTES = 256 * 1024
MAX_PROPERTIES = 5_000  # aliases let a short YAML file name the same node over and over

_ACTIVATION = ("spring.config.activate.on-profile", "spring.profiles")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class _Loader(yaml.SafeLoader):
    """YAML as JSON knows it: dates stay text; a key that stands twice is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(file: str, content: bytes) -> list[Document]:
    """The documents of a file. Raises `BrokenConfiguration`, which names it."""
    if len(content) > MAX_FILE_BYTES:
        raise BrokenConfiguration(file, f"it has more than {MAX_FILE_BYTES // 1024} KiB")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise BrokenConfiguration(file, "it is binary, or not UTF-8") from None
    if "\0" in text:
        raise BrokenConfiguration(file, "it is binary")
    if file.endswith(".properties"):
        return [_document(file, parse_properties(text))]
    return [_document(file, flat) for flat in _yaml_documents(file, text)]


def _yaml_documents(file: str, text: str) -> Iterator[dict[str, Scalar]]:
    try:
        for loaded in yaml.load_all(text, _Loader):
            if loaded is not None and not isinstance(loaded, dict):
                raise BrokenConfiguration(file, "it does not hold keys with values")
            yield _flat(file, loaded or {})
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise BrokenConfiguration(file, f"{where}{getattr(error, 'problem', None) or 'it is no YAML'}") from None
    except (RecursionError, ValueError, TypeError):
        raise BrokenConfiguration(file, "it is no YAML that has a meaning here") from None


def _flat(file: str, loaded: Mapping[Any, Any]) -> dict[str, Scalar]:
    flat: dict[str, Scalar] = {}
    for key, value in flatten(loaded):
        flat[key] = value
        if len(flat) > MAX_PROPERTIES:
            raise BrokenConfiguration(file, f"it has more than {MAX_PROPERTIES} values")
    return flat


def _document(file: str, flat: dict[str, Scalar]) -> Document:
    named = [str(flat.pop(key)) for key in _ACTIVATION if key in flat]
    if not named:
        return Document(flat)
    profiles = frozenset(name.strip() for name in ",".join(named).split(","))
    if not all(re.fullmatch(r"[\w-]+", name) for name in profiles):
        raise BrokenConfiguration(file, f"{_ACTIVATION[0]} takes names of profiles, separated by commas")
    return Document(flat, profiles)


def flatten(node: Any, path: str = "") -> Iterator[tuple[str, Scalar]]:
    """Nested mappings and lists as `a.b[0].c`; what is empty is the empty text, as Spring does it."""
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            name = str(key).lower() if isinstance(key, bool) else str(key)
            yield from flatten(value, f"{path}.{name}" if path else name)
    elif isinstance(node, list) and node:
        for number, value in enumerate(node):
            yield from flatten(value, f"{path}[{number}]")
    elif isinstance(node, str | int | float):
        yield path, node
    elif node is None or not node:
        if path:
            yield path, ""
    else:
        yield path, str(node)


def nested(properties: Properties) -> dict[str, Any]:
    """The opposite of `flatten`. A key that is both a value and a mapping of others stays in its flat form."""
    tree: dict[str, Any] = {}
    for key in sorted(properties, key=_sort_key):
        if not _put(tree, [name or int(number) for name, number in _STEP.findall(key)], properties[key]):
            tree[key] = properties[key]
    return tree


def _sort_key(key: str) -> list[tuple[str, int]]:
    return [(name, int(number or 0)) for name, number in _STEP.findall(key)]


def _put(tree: dict[str, Any], path: list[str | int], value: Scalar) -> bool:
    node: Any = tree
    for step, following in zip(path, [*path[1:], None], strict=True):
        fits = isinstance(node, list) if isinstance(step, int) else isinstance(node, dict)
        if not fits or (isinstance(step, int) and step > len(node)):
            return False
        present = step < len(node) if isinstance(step, int) else step in node
        if following is None and present:
            return False
        if not present:
            new: Any = value if following is None else ([] if isinstance(following, int) else {})
            if isinstance(step, int):
                node.append(new)
            else:
                node[step] = new
        node = node[step]
    return True


def parse_properties(text: str) -> dict[str, Scalar]:
    """Java's .properties: `key=value`, `key: value` or `key value`, comments, escapes, lines that go on."""
    flat: dict[str, Scalar] = {}
    for line in _logical_lines(text):
        found = re.match(r"((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)", line, re.DOTALL)
        if found:
            flat[_unescape(found[1])] = _unescape(found[2])
    return flat


def _logical_lines(text: str) -> Iterator[str]:
    pending = ""
    for raw in text.splitlines():
        line = raw.lstrip()
        if not pending and (not line or line[0] in "#!"):
            continue
        goes_on = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        pending += line[:-1] if goes_on else line
        if not goes_on:
            yield pending
            pending = ""
    if pending:
        yield pending


def _unescape(text: str) -> str:
    letters = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}

    def meant(found: "re.Match[str]") -> str:
        return chr(int(found[1], 16)) if found[1] else letters.get(found[2], found[2])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", meant, text)


def as_properties(properties: Properties) -> str:
    """As .properties, sorted by key."""
    return "".join(f"{key}: {_escape(value)}\n" for key, value in sorted(properties.items()))


def _escape(value: Scalar) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def as_yaml(properties: Properties) -> str:
    """As YAML."""
    return yaml.safe_dump(nested(properties), allow_unicode=True, sort_keys=True)


def as_json(properties: Properties) -> str:
    """As JSON."""
    return json.dumps(nested(properties), ensure_ascii=False, indent=2) + "\n"
