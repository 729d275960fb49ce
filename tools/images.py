"""Every image that a stack needs: used when it is here, else pulled, else built from packages; ours are built."""

import os
import shutil
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from tools import offline
from tools.console import Clock, Failure, say
from tools.paths import BUILD, LOGS, ROOT
from tools.registry import Registry
from tools.shell import capture, logged, stop_all
from tools.stack import OPTIONAL, Service

PULLS = 3


def local(listing: str) -> set[str]:
    """The tags in a listing of `docker image ls`."""
    return set(listing.split())


class Images:
    """Gets images, several at a time, each once."""

    def __init__(self) -> None:
        listing = capture("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
        self.present = local(listing or "") - offline.outdated()
        self.registry = Registry()
        self._builder = offline.Builder(self.present)
        self._threads = ThreadPoolExecutor(max_workers=64)
        self._pulls = threading.Semaphore(PULLS)
        self._ours = threading.Lock()  # the first builds the layers that all share
        self._futures: dict[str, Future[None]] = {}

    def request(self, services: list[Service]) -> None:
        """Starts to get the images of these services, those first that take long to build."""
        for service in sorted(services, key=lambda service: offline.urgency(service.image)):
            if service.image not in self._futures:
                work = self._get if service.build_arguments is None else self._build
                self._futures[service.image] = self._threads.submit(work, service)

    def wait(self, services: list[Service]) -> dict[str, str]:
        """Waits for the images of these services. Returns why one was left out, by the name of its optional service.

        Raises:
            Failure: an image that the system needs cannot be had. The others are not waited for.
        """
        left_out = {}
        service_of = {self._futures[service.image]: service for service in services}
        for future in as_completed(service_of):
            try:
                future.result()
            except Failure as failure:
                name = service_of[future].name
                if name not in OPTIONAL:
                    raise
                left_out[name] = str(failure)
        return left_out

    def is_missing(self, service: Service) -> bool:
        """Whether the image has to be got first; ours are built in seconds, and optional ones may never come."""
        return service.build_arguments is None and service.image not in self.present and service.name not in OPTIONAL

    def comes_late(self, service: Service) -> bool:
        """Whether its image may take minutes."""
        return self.is_missing(service) and offline.is_compiled(service.image)

    def stop(self) -> None:
        """Ends what still runs, and starts nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._builder.stop()
        stop_all()

    def _get(self, service: Service) -> None:
        if service.image not in self.present:
            self._fetch(service.image)

    def _fetch(self, image: str) -> None:
        clock = Clock()
        with self._pulls:
            pulled = self.registry.reachable and self.registry.pull(image)
        if pulled:
            say(f"pulled     {image} ({clock})")
        else:
            self._builder.request(image).result()

    def _build(self, service: Service) -> None:
        with self._ours:
            for base in offline.parents((ROOT / "Dockerfile").read_text()):
                if base not in self.present:
                    self._fetch(base)
                    self.present.add(base)
            build_ours(service)


def build_arguments(arguments: dict[str, str]) -> list[str]:
    """As options of `docker build`."""
    return [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]


def build_ours(service: Service) -> None:
    """Docker's cache makes this quick when nothing has changed."""
    clock = Clock()
    before = image_id(service.image)
    BUILD.mkdir(exist_ok=True)
    bundle = offline.host_ca()
    if bundle is not None:
        shutil.copyfile(bundle, BUILD / "host-ca.crt")
    environment = {**os.environ, **(offline.CLASSIC if capture("docker", "buildx", "version") is None else {})}
    arguments = [*build_arguments(service.build_arguments or {}), *offline.proxy_arguments()]
    log = LOGS / f"{service.image.rpartition('/')[2].partition(':')[0]}.log"
    logged(["docker", "build", *arguments, "--tag", service.image, str(ROOT)], log, environment)
    word = "unchanged " if image_id(service.image) == before else "built     "
    say(f"{word} {service.image} ({clock})")


def image_id(image: str) -> str | None:
    """What tells two images of one name apart."""
    return capture("docker", "image", "inspect", "--format", "{{.Id}}", image)
