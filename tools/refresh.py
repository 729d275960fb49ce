"""`make images-refresh`: replaces images that were built from packages by those of a registry, once one answers."""

from tools import engine, offline
from tools.console import Failure, main, say
from tools.paths import ROOT
from tools.registry import Registry
from tools.shell import capture
from tools.stack import Stack


def built_offline(stack: Stack) -> list[str]:
    """The stack's images that carry the label of the offline builds."""
    images = {service.image for service in stack.services().values() if service.build_arguments is None}
    label = f"label={offline.LABEL}"
    listing = capture("docker", "image", "ls", "--filter", label, "--format", "{{.Repository}}:{{.Tag}}")
    return sorted(images & set((listing or "").split()))


def refresh() -> None:
    """Pulls over each image that was built from packages."""
    engine.ensure_engine()
    engine.ensure_compose()
    images = built_offline(Stack(ROOT / ".env"))
    if not images:
        say("No image here was built from packages.")
        return
    registry = Registry()
    replaced = [image for image in images if registry.reachable and registry.pull(image)]
    if not replaced:
        raise Failure("no registry answers, so the images stay as they are: try again where one does")
    say(f"Replaced: {', '.join(replaced)}. `make up` takes them into use.")
    say("Data of the mongo stand-in cannot be read by the real server: `make clean` first.")


if __name__ == "__main__":
    main(refresh)
