"""`make bench-sockets`: what 1,000 idle sockets on one replica cost.

The real server over real databases in containers. Each client answers pings and says nothing; after three pings the
memory of the server's two processes is read and every socket is tried.
"""

import select
import sys
import time
from pathlib import Path

from sqlalchemy import create_engine
from websocket import WebSocket

from apps.notifications import migrations
from apps.notifications.live import LIVE
from catalogue.definitions import definitions
from chassis.http.sockets import PING_SECONDS
from chassis.rabbitmq_setup import with_passwords
from chassis.storage.migrations import migrate
from tests.integration.notifications.conftest import Notifications
from tests.integration.notifications.test_sockets import Replica
from tests.integration.servers import PASSWORD, postgres_server, rabbitmq_server

SOCKETS, USERS, AT_ONCE = 1_000, 200, 50
IDLE_SECONDS = 3 * PING_SECONDS + 5
LIMIT_MIB = 300


def memory_mib(parent: int) -> float:
    """The proportional set size of a process and its children."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    sizes = 0
    for pid in (parent, *map(int, children)):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        sizes += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return sizes / 1024


def idle(sockets: list[WebSocket], seconds: float) -> None:
    """Answers pings, as every client library does."""
    poll = select.poll()
    by_number: dict[int, WebSocket] = {socket.fileno(): socket for socket in sockets}  # type: ignore[no-untyped-call] # as shipped
    for number in by_number:
        poll.register(number, select.POLLIN)
    until = time.monotonic() + seconds
    while True:
        for number, _ in poll.poll(500 if seconds else 0):
            by_number[number].recv_data_frame(control_frame=True)
        if time.monotonic() >= until:
            return


def main() -> int:
    """Returns the exit status: whether it stayed below the limit."""
    with postgres_server() as url, rabbitmq_server() as broker:
        template = definitions(["notifications"], [], [LIVE])
        passwords = {f"RABBITMQ_{user['name'].upper()}_PASSWORD": PASSWORD for user in template["users"]}
        broker.call("POST", "/definitions", with_passwords(template, passwords))
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        migrate(engine, Path(migrations.__file__).parent)
        notifications = Notifications(engine)
        replica = Replica(notifications, broker)
        try:
            users = [notifications.add_user() for _ in range(USERS)]
            before = memory_mib(replica.process.pid)
            started = time.monotonic()
            sockets: list[WebSocket] = []
            for number in range(SOCKETS):
                sockets.append(replica.open(users[number % USERS], after=None))
                if number % AT_ONCE == 0:
                    idle(sockets, 0)
            opened = time.monotonic() - started
            idle(sockets, IDLE_SECONDS)
            after = memory_mib(replica.process.pid)
            alive = sum(socket.connected for socket in sockets)
        finally:
            replica.process.kill()
    print(  # noqa: T201 - a command line tool
        f"{alive} sockets open after {IDLE_SECONDS} s: {after:.0f} MiB ({before:.0f} MiB without them; "
        f"opened in {opened:.0f} s)"
    )
    return int(alive < SOCKETS or after > LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main())
