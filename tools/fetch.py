"""`make images`: gets every image without starting anything."""

from tools import dotenv, engine, preflight
from tools.console import Clock, main, say
from tools.images import Images
from tools.paths import EXAMPLE, ROOT
from tools.stack import Stack


def fetch() -> None:
    """Gets them all; raises Failure when one that is needed cannot be had."""
    clock = Clock()
    env_file = ROOT / ".env"
    preflight.check(env_file, with_ports=False)
    engine.ensure_engine()
    engine.ensure_compose()
    dotenv.write(env_file, EXAMPLE)
    services = list(Stack(env_file).services().values())
    images = Images()
    try:
        images.request(services)
        left_out = images.wait(services)
    finally:
        images.stop()
    say(f"All images are here, except: {', '.join(left_out) or 'none'} ({clock})")


if __name__ == "__main__":
    main(fetch)
