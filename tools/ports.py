"""Who holds a port of this machine: one of our containers, another one, a process, or nobody."""

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from tools.shell import capture

PUBLISHED = re.compile(r":(\d+)(?:-(\d+))?->")
LISTENING = "0A"
FORMAT = '{{.Names}}\t{{.Label "com.docker.compose.project"}}\t{{.Ports}}'


def is_free(port: int) -> bool:
    """Whether a program could listen there on the loopback address."""
    with socket.socket() as probe:
        # Else a connection that was closed a moment ago would count as a holder.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def several_free(count: int) -> list[int]:
    """Different ports that nobody holds now."""
    with contextlib.ExitStack() as probes:
        found = []
        for _ in range(count):
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            found.append(int(probe.getsockname()[1]))
        return found


def published(ports: str) -> set[int]:
    """The host's ports in what `docker ps` prints: `127.0.0.1:8080->80/tcp, 0.0.0.0:90-92->90-92/tcp`."""
    found: set[int] = set()
    for first, last in PUBLISHED.findall(ports):
        found.update(range(int(first), int(last or first) + 1))
    return found


def containers(listing: str) -> dict[int, tuple[str, str]]:
    """Container and Compose project by port, of a listing in FORMAT."""
    rows = (line.split("\t") for line in listing.splitlines())
    return {port: (name, project) for name, project, ports in rows for port in published(ports)}


def listening_inodes(table: str, port: int) -> set[str]:
    """The sockets that listen on a port, in the text of /proc/net/tcp or tcp6."""
    rows = (line.split() for line in table.splitlines()[1:])
    return {row[9] for row in rows if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port}


def process(port: int) -> str | None:
    """Name and id of the process that listens; None when that cannot be seen, for instance without root."""
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    wanted = {
        f"socket:[{inode}]" for table in tables if table.exists() for inode in listening_inodes(table.read_text(), port)
    }
    for folder in Path("/proc").glob("[0-9]*"):
        if wanted & set(_links(folder / "fd")):
            return f"process {(folder / 'comm').read_text().strip()} ({folder.name})"
    return None


def _links(folder: Path) -> Iterator[str]:
    try:
        for link in folder.iterdir():
            yield str(link.readlink())
    except OSError:  # not ours to read, or gone meanwhile
        return


def conflicts(wanted: dict[str, int], project: str) -> list[str]:
    """One sentence for each wanted port that somebody else holds."""
    held = containers(capture("docker", "ps", "--format", FORMAT) or "")
    sentences = []
    for variable, port in wanted.items():
        name, owner = held.get(port, ("", ""))
        if (name and owner == project) or (not name and is_free(port)):
            continue
        holder = f"container {name}" if name else process(port) or "a process of another user"
        sentences.append(f"port {port} is held by {holder}: stop it, or set {variable} in .env to a free port")
    twice = {port for port in wanted.values() if list(wanted.values()).count(port) > 1}
    sentences.extend(f"port {port} is given to more than one variable in .env: change one of them" for port in twice)
    return sentences
