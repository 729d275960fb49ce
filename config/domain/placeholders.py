"""Placeholders: `${other.key}` and `${other.key:default}`, also one inside another.

One that nothing answers, or that leads back to itself, stays as it is: the client may know more.
"""

import re
from collections.abc import Mapping

from config.domain.resolution import Scalar

_INNERMOST = re.compile(r"\$\{([^${}:]+)(?::([^${}]*))?\}")
_KEPT = "\0{"  # stands for a "${" that nothing answers, until the end

# A few placeholders of placeholders could fill the memory, or keep a processor busy for years.
LONGEST = 100_000
MOST_STEPS = 20_000
DEEPEST = 50


def resolved(properties: Mapping[str, Scalar], known: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The properties with their placeholders filled in from what is known."""
    filling = _Filling(known)
    return {key: filling.of(key, value) for key, value in properties.items()}


class _TooMuch(Exception):
    pass


class _Filling:
    """One run over all properties, with a bound on the work that they may make together."""

    def __init__(self, known: Mapping[str, Scalar]) -> None:
        self._known = known
        self._steps = 0

    def of(self, key: str, value: Scalar) -> Scalar:
        """The value of the key, filled in; as it was where that would be too much."""
        try:
            filled = self._fill(value, frozenset({key}))
        except _TooMuch:
            return value
        return filled.replace(_KEPT, "${") if isinstance(filled, str) else filled

    def _fill(self, value: Scalar, above: frozenset[str]) -> Scalar:
        """The value, filled in; `above` are the keys that are being filled in."""
        if not isinstance(value, str) or "${" not in value:
            return value
        whole = _INNERMOST.fullmatch(value)
        if whole and whole[1] in self._known and whole[1] not in above:  # keeps numbers numbers
            return self._value_of(whole[1], above)
        text = value
        while found := _INNERMOST.search(text):
            text = text[: found.start()] + self._answer(found, above) + text[found.end() :]
            if len(text) > LONGEST:
                raise _TooMuch
        return text

    def _value_of(self, name: str, above: frozenset[str]) -> Scalar:
        self._steps += 1
        if self._steps > MOST_STEPS or len(above) > DEEPEST:
            raise _TooMuch
        return self._fill(self._known[name], above | {name})

    def _answer(self, found: "re.Match[str]", above: frozenset[str]) -> str:
        name, default = found[1], found[2]
        if name in self._known and name not in above:
            answer = self._value_of(name, above)
            return str(answer).lower() if isinstance(answer, bool) else str(answer)
        return found[0].replace("${", _KEPT) if default is None else default
