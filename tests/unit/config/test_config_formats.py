"""Files in and answers out, placeholders, secrets."""

import json

import pytest
import yaml
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from config.cipher import Cipher, Unreadable
from config.domain.placeholders import LONGEST, resolved
from config.domain.refusals import BrokenConfiguration
from config.domain.resolution import PropertySource, Scalar
from config.formats import MAX_FILE_BYTES, as_json, as_properties, as_yaml, documents, flatten, nested, parse_properties

# A list of nine lists, each of nine lists …: a hundred characters that would be 6,561 values.
BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    f"{name}: &{name} [{', '.join([f'*{inner}'] * 9)}]\n".encode() for inner, name in ("ab", "bc", "cd")
)

# Signs that mean something in YAML, JSON or .properties, and some that do not.
texts = st.text("ab1é€ #:'\"{}[]&*!|>%@-,?\\\n=", max_size=8)
scalars = texts | st.integers(-9, 9) | st.booleans()
keys = st.sampled_from(["a", "b2", "c_d", "no", "e"])
trees = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(keys, inner, min_size=1, max_size=3),
        max_leaves=8,
    ),
    min_size=1,
)


@settings(deadline=None, max_examples=50)
@given(trees)
def test_nesting_undoes_flattening(tree: dict[str, object]) -> None:
    """Whatever a file holds, the YAML and JSON answers hold it in the same form."""
    flat = dict(flatten(tree))
    assert nested(flat) == tree
    assert yaml.safe_load(as_yaml(flat)) == tree
    assert json.loads(as_json(flat)) == tree


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(keys, texts.map(str.lstrip)))
def test_properties_are_read_as_they_are_written(properties: dict[str, str]) -> None:
    """Values with any sign in them come back."""
    assert parse_properties(as_properties(properties)) == properties


def test_properties_know_javas_rules() -> None:
    """Comments, three separators, escapes, and lines that go on."""
    text = "# no\n! no\na=1\nb : two \\\n    three\nc\\ d e\\u0041\nempty\n"
    assert parse_properties(text) == {"a": "1", "b": "two three", "c d": "eA", "empty": ""}


def test_key_that_is_value_and_mapping_stays_flat() -> None:
    """Nothing is lost."""
    assert nested({"a": 1, "a.b": 2}) == {"a": 1, "a.b": 2}


def test_dates_stay_text() -> None:
    """JSON has no dates; Spring would hand on the text as well."""
    [document] = documents("a.yml", b"day: 2026-01-31\n")
    assert document.properties == {"day": "2026-01-31"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1", "line 1"),
        (b"ok: 1\na: 1\na: 2", "the key 'a' stands twice"),
        (b"- 1", "keys with values"),
        (b"\xff\xfe\x00", "binary"),
        (b"a: 1\n\x00", "binary"),
        (b"a: !!python/object/apply:os.getcwd []", "line 1"),
        (BOMB, "more than"),
        (b"a: " + b"x" * MAX_FILE_BYTES, "more than"),
        (b"a: &a [*a]", "no YAML that has a meaning"),
    ],
)
def test_broken_file_is_named(content: bytes, words: str) -> None:
    """With what is wrong in it, and where it is known with the line."""
    with pytest.raises(BrokenConfiguration) as refusal:
        documents("orders.yml", content)
    assert str(refusal.value).startswith("orders.yml: ")
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${port}", 8080),
        ("http://${host}:${port}", "http://db:8080"),
        ("${missing:fallback}", "fallback"),
        ("${missing:${host}}", "db"),
        ("${missing:}", ""),
        ("${missing}", "${missing}"),
        ("${by-${host}}", "found"),
        ("${flag}!", "true!"),
        ("${circle}", "${circle}"),
        ("$ {host} ${", "$ {host} ${"),
    ],
)
def test_placeholders(value: str, expected: object) -> None:
    """A number stays one where nothing stands beside it; what nobody answers stays as it is."""
    known: dict[str, Scalar] = {
        "host": "db",
        "port": 8080,
        "by-db": "found",
        "flag": True,
        "circle": "${other}",
        "other": "${circle}",
    }
    assert resolved({"asked": value}, known) == {"asked": expected}


def test_placeholders_cannot_fill_the_memory() -> None:
    """Thirty doublings would be a gigabyte."""
    bomb: dict[str, Scalar] = {f"k{n}": f"${{k{n + 1}}}${{k{n + 1}}}" for n in range(30)}
    assert all(len(str(value)) <= LONGEST for value in resolved(bomb, bomb).values())


def test_secret_is_decrypted() -> None:
    """What was encrypted with an older key too, so that keys can be changed one after the other."""
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    secret = Cipher([old]).encrypt("hush")
    source = PropertySource("a.yml", {"password": secret, "plain": 1})
    assert "hush" not in secret
    assert Cipher([new, old]).decrypted(source).source == {"password": "hush", "plain": 1}


def test_first_key_encrypts() -> None:
    """Once all values are encrypted anew, the old key can go."""
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    assert Cipher([new]).decrypt(Cipher([new, old]).encrypt("hush")) == "hush"
    with pytest.raises(Unreadable):
        Cipher([old]).decrypt(Cipher([new, old]).encrypt("hush"))


def test_unreadable_secret_is_marked() -> None:
    """As Spring does it: the key becomes invalid.<key>, and the ciphertext goes nowhere."""
    source = PropertySource("a.yml", {"password": "{cipher}nonsense"})
    assert Cipher([Fernet.generate_key().decode()]).decrypted(source).source == {"invalid.password": "<n/a>"}
