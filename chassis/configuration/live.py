"""Settings that change while a process runs: those marked `RELOADABLE` follow the configuration, the others wait.

All reloadable settings of a commit take effect at once: one reference is replaced, and who reads several of them from
one `live.current` never sees two commits mixed.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from chassis import metrics
from chassis.configuration.client import Given
from chassis.configuration.source import configuration_values
from chassis.logs import get_logger

log = get_logger()

RELOADABLE: dict[str, Any] = {"reloadable": True}
"""For `Field(json_schema_extra=…)`: the setting may change while the process runs."""

SERVICE, COPY, NONE = "service", "copy", "none"
SHORT = 12

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def is_reloadable(kind: type[BaseSettings], name: str) -> bool:
    """Whether the setting is marked `RELOADABLE`."""
    extra = kind.model_fields[name].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("reloadable"))


def make_settings(kind: type[SettingsT], values: Mapping[str, Any]) -> tuple[SettingsT, dict[str, str]]:
    """The settings from the environment, these values and the defaults; and the values that were refused, with why.

    A refused value counts as not given. Raises pydantic's `ValidationError` when the environment itself is wrong.
    """
    usable, refused = dict(values), dict[str, str]()
    while True:
        try:
            with configuration_values(usable):
                return kind(), refused
        except ValidationError as error:
            wrong = {str(each["loc"][0]): str(each["msg"]) for each in error.errors() if each["loc"]}
            wrong = {name: reason for name, reason in wrong.items() if name in usable}
            if not wrong:
                raise
            refused |= wrong
            usable = {name: value for name, value in usable.items() if name not in wrong}


class Live(Generic[SettingsT]):
    """The settings of this process as they are now."""

    def __init__(self, settings: SettingsT) -> None:
        self._current = settings
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[SettingsT], None]] = []
        self.commit: str | None = None
        self.origin = NONE
        self._refused: dict[str, str] = {}
        self._waiting: list[str] = []

    @property
    def current(self) -> SettingsT:
        """All settings at one moment; read several from one of these."""
        return self._current

    def on_change(self, callback: Callable[[SettingsT], None]) -> None:
        """Has the callback called with the new settings after each change, in the thread that noticed it."""
        self._callbacks.append(callback)

    def begin(self, commit: str | None, origin: str, refused: Mapping[str, str]) -> None:
        """Says what the settings that the process began with are from."""
        self.confirm(commit, origin)
        self._note_refused(refused)

    def confirm(self, commit: str | None, origin: str) -> None:
        """Says that the settings are still those of this commit."""
        self.commit, self.origin = commit, origin
        metrics.CONFIGURATION.clear()
        metrics.CONFIGURATION.labels(commit[:SHORT] if commit else "none", origin).set(1)

    def offer(self, given: Given) -> None:
        """Takes over what may change of a new configuration. A value that is refused leaves its setting as it is."""
        with self._lock:
            kind = type(self._current)
            try:
                made, refused = make_settings(kind, given.values)
            except ValidationError as error:  # the settings do not go together
                made, refused = self._current, {"*": str(error.errors()[0]["msg"])}
            different = {
                name
                for name in kind.model_fields
                if name not in refused and getattr(made, name) != getattr(self._current, name)
            }
            changes = {name: getattr(made, name) for name in different if is_reloadable(kind, name)}
            self._current = self._current.model_copy(update=changes)
            self._waiting = sorted(different - changes.keys())
            self.confirm(given.commit, SERVICE)
        self._note_refused(refused)
        log.info(
            "configuration_changed", commit=given.commit, settings=sorted(changes), waiting_for_restart=self._waiting
        )
        for callback in self._callbacks if changes else ():
            callback(self._current)

    def _note_refused(self, refused: Mapping[str, str]) -> None:
        for name, reason in refused.items():
            metrics.CONFIGURATION_REFUSED.labels(name).inc()
            log.error("configuration_value_refused", setting=name, reason=reason, commit=self.commit)
        self._refused = dict(refused)

    def report(self) -> dict[str, Any]:
        """For /health/ready: the commit, where it came from, and what does not follow it."""
        found: dict[str, Any] = {"commit": self.commit and self.commit[:SHORT], "origin": self.origin}
        if self._refused:
            found["refused"] = self._refused
        if self._waiting:
            found["waiting_for_restart"] = self._waiting
        return found
