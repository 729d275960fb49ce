"""The configuration at a process's start: from the service, else from the last-known-good copy, else not at all."""

import time

from chassis.configuration.client import (
    ConfigurationClient,
    ConfigurationRefused,
    ConfigurationUnavailable,
    Given,
    Source,
)
from chassis.configuration.copies import LastKnownGood
from chassis.configuration.live import COPY, NONE, SERVICE
from chassis.configuration.reach import ConfigurationReach
from chassis.logs import get_logger, stop_with

log = get_logger()

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


def obtain(reach: ConfigurationReach) -> tuple[Given | None, str]:
    """The configuration and where it is from; ends the process with a sentence when it cannot do without."""
    if reach.config_url is None:
        return None, NONE
    copy = LastKnownGood(reach)
    held = None if reach.config_fail_fast else copy.read()
    client = ConfigurationClient(reach)
    try:
        given = _patiently(client, reach.config_patience if held is None else reach.config_patience_with_copy)
    except ConfigurationRefused as error:
        stop_with(
            f"The configuration service at {reach.config_url} refuses {reach.config_application} ({error}):"
            " correct CONFIG_APPLICATION, CONFIG_PASSWORD or CONFIG_LABEL."
        )
    except ConfigurationUnavailable as error:
        if held is None:
            stop_with(
                f"The configuration service at {reach.config_url} does not answer ({error}), and there is no copy"
                " to start from: start it, or correct CONFIG_URL."
            )
        log.warning("configuration_from_copy", commit=held.commit, reason=str(error))
        return held, COPY
    copy.write(given)
    return given, SERVICE


def _patiently(source: Source, seconds: float) -> Given:
    """Asks again, less and less often, until the time is over. Raises `ConfigurationError`."""
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        try:
            given = source.fetch(None)
            if given is not None:
                return given
            raise ConfigurationUnavailable("it says that nothing changed, to nobody in particular")
        except ConfigurationUnavailable as error:
            if time.monotonic() + pause > deadline:
                raise
            log.info("waiting_for_configuration", reason=str(error))
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
