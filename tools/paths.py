"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
LOGS = BUILD / "logs"
VENV = ROOT / ".venv"
OFFLINE = ROOT / "offline" / "images"
EXAMPLE = ROOT / ".env.example"
