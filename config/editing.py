"""Changes a file of the repository and leaves the rest of it, comments included, as it stands."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from config.domain.refusals import InvalidSetting
from config.formats import documents, flatten


def edited(file: str, content: bytes, values: Mapping[str, Any]) -> bytes:
    """The file with these values; None removes a key. Raises `InvalidSetting` and `BrokenConfiguration`."""
    before = documents(file, content)
    if len(before) > 1:
        raise InvalidSetting(next(iter(values)), f"{file} has several documents: change it in the repository")
    wanted = dict(before[0].properties) if before else {}
    text = content.decode()
    for key, value in values.items():
        for known in [each for each in wanted if each == key or each.startswith((f"{key}.", f"{key}["))]:
            del wanted[known]
        if value is not None:
            wanted |= {key: _text(value)} if file.endswith(".properties") else dict(flatten({key: value}))
        text = _with_line(file, text, key, value)
    result = text.encode()
    after = documents(file, result)
    if (dict(after[0].properties) if after else {}) != wanted:  # the key stands in a block of several lines
        raise InvalidSetting(next(iter(values)), f"{file} holds it in a form that only an editor can change")
    return result


def _with_line(file: str, text: str, key: str, value: Any) -> str:
    sign = "=" if file.endswith(".properties") else ":"
    line = re.compile(rf"^{re.escape(key)}[ \t]*[=:][^\n#]*?([ \t]+#[^\n]*)?(?:\n|\Z)", re.MULTILINE)
    if value is None:
        return line.sub("", text)
    new = f"{key}{sign}{' ' if sign == ':' else ''}{_scalar(file, key, value)}"
    if line.search(text):
        return line.sub(lambda found: f"{new}{found[1] or ''}\n", text, count=1)
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{new}\n"


def _scalar(file: str, key: str, value: Any) -> str:
    if not file.endswith(".properties"):
        return (
            yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
            .removesuffix("...\n")
            .strip()
        )
    if isinstance(value, dict | list) or "\n" in str(value):
        raise InvalidSetting(key, f"{file} takes texts and numbers of one line")
    return _text(value).replace("\\", "\\\\")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
