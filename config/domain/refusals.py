"""What the configuration service refuses. Each refusal has a stable `code`.

ConfigurationRefusal
├── UnknownLabel            neither branch, tag nor commit
├── UnknownCommit           the history has no such commit
├── BrokenConfiguration     a file of the commit cannot be read, and there is no good commit before it
└── NoRemote                there is no remote repository to fetch
"""

from collections.abc import Mapping


class ConfigurationRefusal(Exception):
    """Base of them all."""

    errors: Mapping[str, list[str]] | None = None


class UnknownLabel(ConfigurationRefusal):
    """Neither a branch, a tag nor a commit."""

    code = "not_found"


class UnknownCommit(ConfigurationRefusal):
    """The history has no such commit."""

    code = "not_found"


class BrokenConfiguration(ConfigurationRefusal):
    """A file cannot be read; the words name it."""

    code = "configuration_broken"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.errors = {file: [reason]}


class NoRemote(ConfigurationRefusal):
    """There is no remote repository to fetch."""

    code = "no_remote_repository"
