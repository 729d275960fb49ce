"""Fail-points: named places at which a test can let the process die, as a crash at the worst moment would.

Armed by FAIL_POINT in the environment of one process; unset, a fail-point costs one comparison.
"""

import os
import signal

BEFORE_COMMIT = "before_commit"
AFTER_COMMIT = "after_commit"
AFTER_PUBLISH = "after_publish"

_armed = os.environ.get("FAIL_POINT")


def reached(name: str) -> None:
    """Kills this process when the fail-point is armed: no clean-up, no goodbye."""
    if name == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
