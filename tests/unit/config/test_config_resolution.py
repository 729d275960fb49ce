"""Which value wins: the rules of Spring Cloud Config, against a table of them and as a property of any repository."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.domain.resolution import Document, PropertySource, effective, owner, property_sources, stems

# What Spring Cloud Config 4 lists for these, the highest precedence first.
REFERENCE = [
    ("orders", ["default"], ["orders-default", "application-default", "orders", "application"]),
    ("orders", ["dev"], ["orders-dev", "application-dev", "orders", "application"]),
    (
        "orders",
        ["dev", "mysql"],
        ["orders-mysql", "application-mysql", "orders-dev", "application-dev", "orders", "application"],
    ),
    ("application", ["dev"], ["application-dev", "application"]),
]


def winner(files: Mapping[str, object], application: str, profiles: list[str]) -> object:
    """The value of the one key, worked out file by file from the lowest precedence: each overwrites the one before."""
    names = ["application", application]
    order = [
        *[name + suffix for name in names for suffix in (".yaml", ".yml", ".properties")],
        *[
            f"{name}-{each}{suffix}"
            for each in profiles
            for name in names
            for suffix in (".yaml", ".yml", ".properties")
        ],
    ]
    value = None
    for file in order:
        value = files.get(file, value)
    return value


@pytest.mark.parametrize(("application", "profiles", "expected"), REFERENCE)
def test_order_is_springs(application: str, profiles: list[str], expected: list[str]) -> None:
    """A profile's file wins over one without, the last profile over those before, the own file over the shared one."""
    assert stems(application, profiles) == expected


names = st.sampled_from(["application", "orders", "users"])
profile_names = st.sampled_from(["dev", "prod", "eu"])
file_names = st.builds(
    lambda name, profile, suffix: name + (f"-{profile}" if profile else "") + suffix,
    names,
    st.none() | profile_names,
    st.sampled_from([".yml", ".yaml", ".properties"]),
)


@settings(deadline=None)
@given(
    files=st.dictionaries(file_names, st.integers()),
    application=st.sampled_from(["orders", "users"]),
    profiles=st.lists(profile_names, min_size=1, unique=True),
)
def test_winner_is_springs(files: dict[str, int], application: str, profiles: list[str]) -> None:
    """For any set of files and profiles, the value is the one that the reference finds by overwriting."""
    tree = {name: [Document({"key": value})] for name, value in files.items()}
    found = effective(property_sources(tree, application, profiles))
    assert found.get("key") == winner(files, application, profiles)


def test_later_document_wins() -> None:
    """And one that names a profile which is not asked for says nothing."""
    tree = {
        "orders.yml": [
            Document({"a": 1, "b": 1}),
            Document({"a": 2}),
            Document({"b": 3}, frozenset({"prod"})),
        ]
    }
    assert effective(property_sources(tree, "orders", ["dev"])) == {"a": 2, "b": 1}
    assert effective(property_sources(tree, "orders", ["prod"])) == {"a": 2, "b": 3}


def test_document_with_a_profile_beats_the_plain_files() -> None:
    """Spring: what is active for a profile goes before what always is."""
    tree = {
        "application.yml": [Document({"a": 1}), Document({"a": 2}, frozenset({"dev"}))],
        "orders.yml": [Document({"a": 3})],
    }
    assert effective(property_sources(tree, "orders", ["dev"]))["a"] == 2


def test_lists_are_never_mixed() -> None:
    """A shorter list replaces a longer one, it does not take its first places."""
    sources = [PropertySource("high", {"a[0]": 1}), PropertySource("low", {"a[0]": 7, "a[1]": 8, "b[0].c": 9})]
    assert effective(sources) == {"a[0]": 1, "b[0].c": 9}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("orders.yml", "orders"),
        ("orders-dev.yml", "orders"),
        ("order-archive.yml", "order-archive"),
        ("order-archive-dev.properties", "order-archive"),
        ("application-dev.yml", "application"),
        ("new-dev.yml", "new"),
        ("README.md", None),
        ("orders.json", None),
    ],
)
def test_file_belongs_to_an_application(file: str, expected: str | None) -> None:
    """Also where names have dashes; what is no configuration belongs to nobody."""
    assert owner(file, ["orders", "order-archive"]) == expected
