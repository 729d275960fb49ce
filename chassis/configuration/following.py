"""Following the configuration: told of changes by the broker where there is one, and asking by itself anyway."""

from flask import Flask

from chassis.broadcast import LiveInterests, LiveListener
from chassis.configuration.client import ConfigurationClient, Source
from chassis.configuration.copies import LastKnownGood
from chassis.configuration.follower import Follower
from chassis.configuration.reach import ConfigurationReach
from chassis.logs import get_logger, set_log_level
from chassis.messaging.events import Event
from chassis.settings import ProcessSettings

PUBLISHER = "config"
CHANGED = "config.changed"
SHARED = "application"
EXTENSION = "configuration"

log = get_logger()


def configuration_interests(application: str) -> LiveInterests:
    """What every process that has settings hears live."""
    return LiveInterests(application, ((PUBLISHER, CHANGED),))


def _set_log_level(current: ProcessSettings) -> None:
    set_log_level(current.log_level)
    log.debug("log_level_set", log_level=current.log_level)


class Following:
    """What keeps the settings of this process at the newest commit; started in the process that serves."""

    def __init__(
        self, settings: ProcessSettings, reach: ConfigurationReach | None = None, source: Source | None = None
    ) -> None:
        """`source` is asked instead of the configuration service, without a copy and untold: by that service itself."""
        reach = reach or ConfigurationReach()
        told = source is None and reach.broker_url is not None
        self._application = reach.config_application
        self._live = settings.live
        self._live.on_change(_set_log_level)
        copy = None if source else LastKnownGood(reach)
        if source is None and reach.config_url is not None:
            source = ConfigurationClient(reach)
        self._follower = Follower(self._live, source, reach.config_poll_seconds, copy) if source else None
        self._listener: LiveListener | None = None
        if self._follower is not None and told:
            interests = configuration_interests(self._application)
            # What was announced while nobody listened is asked for.
            self._listener = LiveListener(str(reach.broker_url), interests, self._hear, self._follower.wake)

    def start(self) -> None:
        """Follows from now on."""
        if self._follower is not None:
            self._follower.start()
        if self._listener is not None:
            self._listener.start()

    def stop(self) -> None:
        """Ends the threads."""
        if self._listener is not None:
            self._listener.stop()
        if self._follower is not None:
            self._follower.stop()

    def wake(self) -> None:
        """Asks at once."""
        if self._follower is not None:
            self._follower.wake()

    def show_in(self, app: Flask) -> None:
        """Has the app's /health/ready tell the commit."""
        app.extensions[EXTENSION] = self._live.report

    def _hear(self, event: Event) -> None:
        applications = event.data.get("applications")
        if not isinstance(applications, list) or {self._application, SHARED} & set(map(str, applications)):
            self.wake()
