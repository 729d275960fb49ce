"""What the configuration service refuses. Each refusal has a stable `code`.

ConfigurationRefusal
├── UnknownLabel            neither branch, tag nor commit
├── UnknownCommit           the history has no such commit
├── BrokenConfiguration     a file of the commit cannot be read, and there is no good commit before it
├── UnknownApplication      neither a settings model nor a file is of this name
├── InvalidSetting          the settings model of the application refuses the key or the value
├── StaleConfiguration      the caller's commit is no longer the newest
├── ContendedConfiguration  others changed the configuration faster, each time
├── NothingToChange         the files would stay as they are
├── FollowsRemote           the repository follows a remote one, and is changed there
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


class UnknownApplication(ConfigurationRefusal):
    """Neither a settings model nor a file is of this name."""

    code = "unknown_application"


class InvalidSetting(ConfigurationRefusal):
    """The settings model refuses the key or the value."""

    code = "validation_error"

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.errors = {key: [reason]}


class StaleConfiguration(ConfigurationRefusal):
    """The commit that the caller has seen is no longer the newest."""

    code = "precondition_failed"


class ContendedConfiguration(ConfigurationRefusal):
    """Others changed the configuration faster, each time."""

    code = "configuration_contended"


class NothingToChange(ConfigurationRefusal):
    """The files would stay as they are."""

    code = "nothing_to_change"


class FollowsRemote(ConfigurationRefusal):
    """The repository follows a remote one: that is where it is changed."""

    code = "configuration_is_remote"


class NoRemote(ConfigurationRefusal):
    """There is no remote repository to fetch."""

    code = "no_remote_repository"
