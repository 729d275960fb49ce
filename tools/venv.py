"""The virtual environment .venv with hash-locked packages: made once, completed when a lock file changes."""

import hashlib
import sys
from pathlib import Path

from tools.console import Clock, main, say
from tools.paths import LOGS, ROOT, VENV
from tools.shell import logged


def digest(lock: Path) -> str:
    """What tells one state of a lock file from another."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def ensure(lock: Path) -> None:
    """Has what the lock file lists installed."""
    stamp = VENV / f"{lock.stem}.installed"
    if stamp.exists() and stamp.read_text() == digest(lock):
        return
    clock = Clock()
    if not (VENV / "bin" / "pip").exists():
        logged([sys.executable, "-m", "venv", str(VENV)], LOGS / "venv.log")
    install = [str(VENV / "bin" / "pip"), "install", "--quiet", "--require-hashes", "--requirement", str(lock)]
    logged(install, LOGS / f"pip-{lock.stem}.log", cwd=ROOT)
    stamp.write_text(digest(lock))
    say(f".venv has what {lock.relative_to(ROOT)} lists ({clock})")


def development() -> None:
    """What lint, types and tests need."""
    ensure(ROOT / "requirements" / "dev.txt")


if __name__ == "__main__":
    main(development)
