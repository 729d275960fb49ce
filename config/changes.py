"""Changing the configuration: every change is one commit, with its author and a message; that is the audit.

The branch moves only from the commit that the change was made on, so two changes at once end one after the other.
"""

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from config.cipher import is_encrypted
from config.domain.placeholders import resolved
from config.domain.refusals import (
    ContendedConfiguration,
    FollowsRemote,
    InvalidSetting,
    NothingToChange,
    StaleConfiguration,
    UnknownApplication,
)
from config.domain.resolution import NAME, SHARED, SUFFIXES, effective, owner, property_sources
from config.editing import edited
from config.formats import documents, nested
from config.git import CommitInfo, GitRepository
from config.metrics import COMMITS
from config.models import Models

TRIES = 10
PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Wish:
    """Who wants a change, why, and on top of which commit, if it matters."""

    author: str
    message: str | None = None
    expected: str | None = None


class Changes:
    """Makes commits on the branch that is served."""

    def __init__(self, repository: GitRepository, models: Models, branch: str, *, follows_remote: bool = False) -> None:
        self._repository = repository
        self._models = models
        self._branch = branch
        self._follows_remote = follows_remote

    def change(self, application: str, profile: str | None, values: Mapping[str, Any], wish: Wish) -> CommitInfo:
        """Sets these keys, or removes those without a value. Raises a `ConfigurationRefusal`."""
        stem = self._stem(application, profile)
        message = wish.message or f"{stem}: {'; '.join(_said(key, value) for key, value in values.items())}."

        def files(head: str) -> dict[str, bytes | None]:
            blobs = self._repository.blobs(head)
            file = next((stem + suffix for suffix in SUFFIXES if stem + suffix in blobs), f"{stem}.yml")
            if application not in (*self._models.applications, SHARED) and not self._has_file(application, blobs):
                raise UnknownApplication(f"There is neither a settings model nor a file of {application}.")
            content = self._repository.content(blobs[file]) if file in blobs else b""
            new = edited(file, content, values)
            self._check(head, file, new, application, profile, values)
            return {} if new == content else {file: new}

        return self._commit("set", files, message, wish)

    def rollback(self, commit: str, wish: Wish) -> CommitInfo:
        """Brings back the files of an earlier commit, as a new one."""
        target = self._repository.find(commit)
        self._repository.tree(target)  # one that cannot be read is no way back

        def files(head: str) -> dict[str, bytes | None]:
            now, then = self._repository.blobs(head), self._repository.blobs(target)
            return {
                name: self._repository.content(then[name]) if name in then else None
                for name in now.keys() | then.keys()
                if now.get(name) != then.get(name)
            }

        return self._commit("rollback", files, wish.message or f"Roll back to {target[:12]}.", wish)

    def history(self, application: str | None, first: int, count: int) -> tuple[list[CommitInfo], int]:
        """A page of the commits (of an application), the newest first, and how many there are."""
        commits = list(self._history(application))
        return list(islice(commits, first, first + count)), len(commits)

    def show(self, commit: str) -> tuple[CommitInfo, str]:
        """A commit and its diff to the one before."""
        info = self._repository.info(self._repository.find(commit))
        return info, self._repository.diff(info.parent, info.id)

    def diff(self, old: str, new: str) -> str:
        """What changed between two labels."""
        return self._repository.diff(self._repository.resolve(old), self._repository.resolve(new))

    def _history(self, application: str | None) -> Iterator[CommitInfo]:
        for info in self._repository.history(self._repository.resolve(self._branch)):
            changed = self._repository.changed_files(info.parent, info.id) if application else ()
            if not application or application in {owner(file, self._models.applications) for file in changed}:
                yield info

    @staticmethod
    def _stem(application: str, profile: str | None) -> str:
        for what, name in (("application", application), ("profile", profile)):
            if name is not None and not NAME.fullmatch(name):
                raise InvalidSetting(what, "it has letters, digits, dashes and underscores")
        return application if profile in (None, "default") else f"{application}-{profile}"

    def _has_file(self, application: str, blobs: Mapping[str, str]) -> bool:
        return any(owner(file, [application]) == application for file in blobs)

    def _check(
        self, head: str, file: str, content: bytes, application: str, profile: str | None, values: Mapping[str, Any]
    ) -> None:
        """Whether those who get the new values would take them, once placeholders are filled in."""
        tree = {**self._repository.tree(head), file: documents(file, content)}
        known = effective(property_sources(tree, application, [profile or "default"]))
        shown = nested(resolved(known, known))
        for key, value in values.items():
            if value is not None:
                self._models.check(application, key, shown.get(key) if "${" in str(value) else value)

    def _commit(self, kind: str, files: Any, message: str, wish: Wish) -> CommitInfo:
        if self._follows_remote:
            raise FollowsRemote("The configuration follows a remote repository: change it there.")
        for number in range(TRIES):
            time.sleep(random.uniform(0, PAUSE_SECONDS) * number)  # noqa: S311 - spreads those who compete
            head = self._repository.resolve(self._branch)
            if wish.expected is not None and head != wish.expected:
                raise StaleConfiguration(f"The newest commit is {head}.")
            changed = files(head)
            if not changed:
                raise NothingToChange("The configuration is so already.")
            commit = self._repository.commit(self._branch, head, changed, wish.author, message)
            if commit is not None:
                COMMITS.labels(kind).inc()
                return self._repository.info(commit)
        raise ContendedConfiguration("Others change the configuration at this moment: try again.")


def _said(key: str, value: Any) -> str:
    if value is None:
        return f"remove {key}"
    return f"set {key}" if is_encrypted(value) else f"set {key} to {value}"
