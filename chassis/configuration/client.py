"""Asks the configuration service.

ConfigurationError
├── ConfigurationUnavailable   no answer, or none that means anything: worth another try
└── ConfigurationRefused       it does not know the password, the application or the label
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from chassis.configuration.reach import ConfigurationReach

ANSWER_SECONDS = 3.0

_UNCHANGED = 304
_REFUSED = (400, 401, 403, 404)


class ConfigurationError(Exception):
    """The configuration cannot be had; the words say why."""


class ConfigurationUnavailable(ConfigurationError):
    """The service gave no usable answer."""


class ConfigurationRefused(ConfigurationError):
    """The service will not answer this caller."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the configuration service gave: the values that win, with the commit that they are from."""

    commit: str
    values: Mapping[str, Any]


class Source(Protocol):
    """Where a configuration comes from."""

    def fetch(self, known: str | None) -> Given | None:
        """The configuration, or None when it is still that of the known commit. Raises `ConfigurationError`."""


class ConfigurationClient:
    """A `Source` over HTTP."""

    def __init__(self, reach: ConfigurationReach) -> None:
        label = reach.config_label.replace("/", "(_)")
        self.url = f"{reach.config_url}{label}/{reach.config_application}-{reach.config_profile}.json"
        self._login = (reach.config_application, reach.config_password.get_secret_value())
        self._session = requests.Session()

    def fetch(self, known: str | None) -> Given | None:
        """See `Source`."""
        headers = {"If-None-Match": f'"{known}"'} if known else {}
        try:
            answer = self._session.get(self.url, auth=self._login, headers=headers, timeout=ANSWER_SECONDS)
            if answer.status_code == _UNCHANGED:
                return None
            if answer.status_code in _REFUSED:
                raise ConfigurationRefused(f"{answer.status_code}: {_detail(answer)}")
            answer.raise_for_status()
            values = answer.json()
            commit = answer.headers["ETag"].strip('"')
        except (requests.RequestException, KeyError, ValueError) as error:
            raise ConfigurationUnavailable(f"{type(error).__name__}: {error}".splitlines()[0]) from error
        if not isinstance(values, dict):
            raise ConfigurationUnavailable("the answer holds no settings")
        return Given(commit, {name: value for name, value in values.items() if value != ""})


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason
