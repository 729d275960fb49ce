"""What the configuration service answers: the settings of an application, as Spring Cloud Config would."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chassis.configuration.client import ConfigurationUnavailable, Given
from chassis.logs import get_logger
from config.cipher import Cipher
from config.domain.placeholders import resolved
from config.domain.refusals import BrokenConfiguration, ConfigurationRefusal
from config.domain.resolution import PropertySource, Scalar, effective, property_sources
from config.formats import nested
from config.git import GitRepository
from config.metrics import BROKEN

log = get_logger()

OWN = "config"


@dataclass(frozen=True)
class Environment:
    """The settings of one application under its profiles, at one commit."""

    name: str
    profiles: Sequence[str]
    label: str
    version: str
    sources: Sequence[PropertySource]

    def as_json(self) -> dict[str, Any]:
        """Spring Cloud Config's JSON."""
        return {
            "name": self.name,
            "profiles": list(self.profiles),
            "label": self.label,
            "version": self.version,
            "state": None,
            "propertySources": [{"name": each.name, "source": dict(each.source)} for each in self.sources],
        }

    def effective(self) -> dict[str, Scalar]:
        """Each property with the value that wins."""
        return effective(self.sources)

    def filled_in(self) -> "Environment":
        """With placeholders replaced."""
        known = self.effective()
        sources = [PropertySource(each.name, resolved(each.source, known)) for each in self.sources]
        return replace(self, sources=sources)


class OwnSettings:
    """The `Source` of the configuration service's own settings: itself."""

    def __init__(self, configuration: "Configuration") -> None:
        self._configuration = configuration

    def fetch(self, known: str | None) -> Given | None:
        """See `Source`."""
        try:
            environment = self._configuration.environment(OWN, ["default"], decrypt=True).filled_in()
        except ConfigurationRefusal as error:
            raise ConfigurationUnavailable(str(error)) from error
        return None if environment.version == known else Given(environment.version, nested(environment.effective()))


class Configuration:
    """The repository as environments. A commit with a broken file is passed over for the last good one before it."""

    def __init__(self, repository: GitRepository, cipher: Cipher, branch: str) -> None:
        self.repository = repository
        self.branch = branch
        self._cipher = cipher
        self._noted: str | None = None

    def environment(
        self, application: str, profiles: Sequence[str], label: str | None = None, *, decrypt: bool = False
    ) -> Environment:
        """The settings as they stand in the repository; secrets are decrypted when `decrypt` says so."""
        label = label or self.branch
        commit, _ = self.repository.good(self.repository.resolve(label))
        sources = property_sources(self.repository.tree(commit), application, profiles)
        if decrypt:
            sources = [self._cipher.decrypted(each) for each in sources]
        return Environment(application, list(profiles), label, commit, sources)

    def unusable(self) -> str | None:
        """Why nothing can be served, or None."""
        try:
            self.repository.good(self.repository.resolve(self.branch))
        except ConfigurationRefusal as error:
            return str(error)
        return None

    def problem(self) -> str | None:
        """What is wrong with the newest commit of the branch, or None; each problem is logged once."""
        try:
            served, problem = self.repository.good(self.repository.resolve(self.branch))
        except BrokenConfiguration as error:
            served, problem = None, error
        BROKEN.set(problem is not None)
        words = None if problem is None else f"{problem}; the last good commit is served: {(served or 'none')[:12]}"
        if words != self._noted:
            self._noted = words
            if problem is not None:
                log.error("configuration_broken", file=problem.file, reason=words)
        return words
