"""Running other programs: quietly, to a log, or in the open."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.console import Failure, Terminated, say

LOG_TAIL_LINES = 30
CLEANUP_SECONDS = 60

_running: set[subprocess.Popen[bytes]] = set()


def capture(*command: str, timeout: float = 60, env: Mapping[str, str] | None = None) -> str | None:
    """What the command prints, or None when it fails, hangs or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=env, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def run(*command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Runs it in the open; when interrupted, gives it time to clean up.

    Raises:
        CalledProcessError: it ended with another status than 0.
    """
    with subprocess.Popen(command, env=env, cwd=cwd) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt as interrupt:
            if isinstance(interrupt, Terminated):
                process.send_signal(signal.SIGINT)
            try:
                process.wait(CLEANUP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if status:
        raise subprocess.CalledProcessError(status, command)


def logged(command: list[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Runs it with its output in a log file, whose end is shown when it fails.

    Raises:
        Failure: it ended with another status than 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    # A session of its own, so that stop_all ends it together with what it has started.
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd, start_new_session=True
        ) as process,
    ):
        _running.add(process)
        try:
            status = process.wait()
        except KeyboardInterrupt:
            stop_all()
            raise
        stopped = process not in _running
        _running.discard(process)
    if status:
        if not stopped:
            tail = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
            say("\n".join([f"-- the end of {log}:", *tail, "--"]))
        raise Failure(f"`{' '.join(command[:3])} ...` ended with status {status}; the log above says why")


def stop_all() -> None:
    """Ends the programs that run with a log, in whatever thread; what they say about it is not shown."""
    while _running:
        process = _running.pop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
