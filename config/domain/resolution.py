"""Which files make up a configuration, and which value wins: the rules of Spring Cloud Config.

From the highest precedence: for each profile, the last one first, {application}-{profile} and application-{profile};
then {application}; then application, which all share. A profile's file wins over one without, also over the
application's own. Beside each other, .properties wins over .yml, and .yml over .yaml.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SHARED = "application"
SUFFIXES = (".properties", ".yml", ".yaml")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")

Scalar = str | int | float | bool
Properties = Mapping[str, Scalar]

_INDEX = re.compile(r"\[\d+\].*")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its flat properties, and the profiles of which it needs one, when it names any."""

    properties: Properties
    profiles: frozenset[str] | None = None


Tree = Mapping[str, Sequence[Document]]
"""The files of a commit by name, each as its documents."""


@dataclass(frozen=True, slots=True)
class PropertySource:
    """The properties of one document, under the name of its file."""

    name: str
    source: Properties


def stems(application: str, profiles: Sequence[str]) -> list[str]:
    """The names of the files without their endings, the highest precedence first."""
    names = list(dict.fromkeys((application, SHARED)))
    specific = [f"{name}-{profile}" for profile in reversed(profiles) for name in names]
    return list(dict.fromkeys([*specific, *names]))


def property_sources(tree: Tree, application: str, profiles: Sequence[str]) -> list[PropertySource]:
    """What the application gets under these profiles, the highest precedence first."""
    found = [
        (document.profiles is not None, source)
        for stem in stems(application, profiles)
        for suffix in SUFFIXES
        for document, source in _documents(tree, stem + suffix)
        if document.profiles is None or document.profiles & set(profiles)
    ]
    # A document that names its profile is as special as a file that does; sorted() keeps the order of equals.
    plain = {f"{name}{suffix}" for name in (application, SHARED) for suffix in SUFFIXES}
    return [source for _, source in sorted(found, key=lambda each: not each[0] and _file(each[1]) in plain)]


def _documents(tree: Tree, file: str) -> Iterator[tuple[Document, PropertySource]]:
    """The documents of a file, the last one first: in YAML a later one overrides the earlier."""
    documents = tree.get(file, ())
    for number, document in reversed(list(enumerate(documents))):
        name = file if len(documents) == 1 else f"{file} (document #{number})"
        yield document, PropertySource(name, document.properties)


def _file(source: PropertySource) -> str:
    return source.name.partition(" ")[0]


def effective(sources: Sequence[PropertySource]) -> dict[str, Scalar]:
    """Each property with the value that wins. A list is taken whole from one source, never mixed from two."""
    found: dict[str, Scalar] = {}
    lists: set[str] = set()
    for source in sources:
        added = {key: value for key, value in source.source.items() if _list_of(key) not in lists}
        found = {**added, **found}
        lists |= {name for key in added if (name := _list_of(key))}
    return found


def _list_of(key: str) -> str | None:
    name = _INDEX.sub("", key)
    return name if name != key else None


def owner(file: str, applications: Sequence[str]) -> str | None:
    """The application whose settings a file holds; None for a file that is no configuration.

    Names may have dashes, so the longest known application wins; otherwise all up to the last dash is the name.
    """
    stem, suffix = _split(file)
    if suffix not in SUFFIXES:
        return None
    known = [name for name in (*applications, SHARED) if stem == name or stem.startswith(f"{name}-")]
    return max(known, key=len) if known else stem.rpartition("-")[0] or stem


def _split(file: str) -> tuple[str, str]:
    stem, dot, ending = file.rpartition(".")
    return stem, dot + ending
