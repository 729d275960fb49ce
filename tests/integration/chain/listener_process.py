"""A process that hears the shop live and prints the events' ids: `python -m …listener_process URL`. Under gevent."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402
import threading  # noqa: E402

from chassis.broadcast import LiveListener  # noqa: E402
from chassis.messaging.events import Event  # noqa: E402
from tests.integration.chain.worker_app import LIVE  # noqa: E402


def _print(event: Event) -> None:
    print(event.id, flush=True)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    LiveListener(sys.argv[1], LIVE, _print, lambda: print("listening", flush=True)).start()  # noqa: T201 - as above
    threading.Event().wait()
