"""Builds images from packages: recipes in offline/images, one folder each, named after the image's last part."""

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tools import engine, golang
from tools.console import Clock, Failure, say
from tools.paths import LOGS, OFFLINE
from tools.shell import capture, logged

LABEL = "quadrille.offline=1"
RECIPE = "quadrille.recipe"
ROOTFS = "quadrille-offline/rootfs:trixie"
# The classic builder: BuildKit may want a plugin, and its front end from a registry.
CLASSIC = {"DOCKER_BUILDKIT": "0"}
DOCKER_BUILDS = 2
# The recipes with a compile.sh, in the order in which the system needs the programs.
COMPILED = (
    "consul",
    "opentelemetry-collector-contrib",
    "prometheus",
    "loki",
    "postgres-exporter",
    "alertmanager",  # the last, so that nobody is told of what is only not here yet
)
CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
HOST_CA = "host-ca.crt"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

FROM = re.compile(r"^FROM (\S+)(?: AS (\S+))?", re.MULTILINE)


def folder(image: str) -> Path:
    """Where the recipe would be: `prom/prometheus:v2.53.3` -> offline/images/prometheus."""
    return OFFLINE / image.rpartition("/")[2].partition(":")[0]


def has_recipe(image: str) -> bool:
    """Whether the image can be built from packages."""
    return image == ROOTFS or (folder(image) / "Dockerfile").exists()


def is_compiled(image: str) -> bool:
    """Whether its program is compiled first, which takes minutes."""
    return folder(image).name in COMPILED


def urgency(image: str) -> int:
    """A sort key: what takes long comes first."""
    return COMPILED.index(folder(image).name) if is_compiled(image) else len(COMPILED)


def parents(dockerfile: str) -> list[str]:
    """The images that a Dockerfile builds on, without its own stages."""
    found = FROM.findall(dockerfile)
    stages = {stage for _, stage in found}
    return [image for image in dict.fromkeys(image for image, _ in found) if image not in stages]


def digest(image: str) -> str:
    """What tells one state of an image's recipe from another, those of what it is built on included."""
    recipe = folder(image)
    state = hashlib.sha256()
    for path in sorted(path for path in recipe.rglob("*") if path.is_file() and _is_written(path)):
        state.update(f"{path.relative_to(recipe)} {path.stat().st_size}\n".encode() + path.read_bytes())
    for parent in parents((recipe / "Dockerfile").read_text()):
        if parent != ROOTFS:
            state.update(digest(parent).encode())
    return state.hexdigest()[:16]


def _is_written(path: Path) -> bool:
    """By a person; the tools leave programs and this machine's CA bundle."""
    return ".build" not in path.parts and path.name != HOST_CA


def outdated() -> set[str]:
    """The images here that were built from another recipe than there is now."""
    built = (capture("docker", "image", "ls", "--quiet", "--filter", f"label={LABEL}") or "").split()
    if not built:
        return set()
    shown = f'{{"tags": {{{{json .RepoTags}}}}, "recipe": {{{{json (index .Config.Labels "{RECIPE}")}}}}}}'
    listing = capture("docker", "image", "inspect", "--format", shown, *sorted(set(built))) or ""
    rows = map(json.loads, listing.splitlines())
    tags = {tag: row["recipe"] for row in rows for tag in row["tags"] or ()}
    return {tag for tag, recipe in tags.items() if tag != ROOTFS and has_recipe(tag) and recipe != digest(tag)}


def host_ca() -> Path | None:
    """The CA bundle of this machine: a site's own CA is in it."""
    candidates = (os.environ.get("SSL_CERT_FILE", ""), *CA_BUNDLES)
    return next((Path(path) for path in candidates if path and Path(path).is_file()), None)


def proxy_arguments() -> list[str]:
    """Docker hands these on from the environment when they are named."""
    return [part for name in PROXY_VARIABLES if name in os.environ for part in ("--build-arg", name)]


class Builder:
    """Builds images and, before them, what they are built on; each once, several at a time."""

    def __init__(self, present: set[str]) -> None:
        self._present = present
        self._futures: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        # A thread for each image, since those with parents wait; what works at one time is limited below.
        self._threads = ThreadPoolExecutor(max_workers=64)
        self._docker = threading.Semaphore(DOCKER_BUILDS)
        self._compiler = threading.Semaphore(1)  # a compiler takes all CPUs by itself

    def request(self, image: str) -> Future[None]:
        """Starts to build the image, unless it is there or under way."""
        with self._lock:
            if image not in self._futures:
                self._futures[image] = self._threads.submit(self._make, image)
            return self._futures[image]

    def stop(self) -> None:
        """Starts nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _make(self, image: str) -> None:
        if image in self._present:
            return
        if not has_recipe(image):
            raise Failure(f"the image {image} can be neither pulled nor built here: load it with `docker load`")
        if image == ROOTFS:
            _timed(image, _make_rootfs)
            return
        recipe = folder(image)
        needed = [self.request(parent) for parent in parents((recipe / "Dockerfile").read_text())]
        if is_compiled(image):
            if not golang.on_host():
                self.request(golang.IMAGE).result()
            with self._compiler:
                say(f"compiling  {image} ...")
                golang.compile_program(recipe)
        for future in needed:
            future.result()
        with self._docker:
            _timed(image, lambda: _build(image, recipe))


def _timed(image: str, make: Callable[[], None]) -> None:
    clock = Clock()
    say(f"building   {image} ...")
    make()
    say(f"built      {image} ({clock})")


def _build(image: str, recipe: Path) -> None:
    if recipe.name == "debian":
        bundle = host_ca()
        if bundle is None:
            raise Failure("this machine has no CA certificates: install the package ca-certificates and try again")
        shutil.copyfile(bundle, recipe / HOST_CA)
    labels = ["--label", LABEL, "--label", f"{RECIPE}={digest(image)}"]
    command = ["docker", "build", *labels, *proxy_arguments(), "--tag", image, str(recipe)]
    logged(command, LOGS / f"{recipe.name}.log", {**os.environ, **CLASSIC})


def _make_rootfs() -> None:
    """Debian trixie without manuals, documentation and translations."""
    if shutil.which("mmdebstrap") is None:
        if not engine.host().installable:
            raise Failure(
                "images are built on Debian's packages here: install mmdebstrap (Debian, Ubuntu) and try again"
            )
        engine.apt_install("mmdebstrap")
    LOGS.mkdir(parents=True, exist_ok=True)
    tarball = LOGS.parent / "rootfs.tar"
    options = [
        *("--variant=minbase", "--include=ca-certificates", '--aptopt=Acquire::Languages "none"'),
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "doc")),
    ]
    logged(["mmdebstrap", *options, "trixie", str(tarball)], LOGS / "rootfs.log")
    logged(["docker", "import", "--change", f"LABEL {LABEL}", str(tarball), ROOTFS], LOGS / "rootfs-import.log")
    tarball.unlink()
