"""A repository on the disk: kept, shared by processes, and following a remote one."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from dulwich.refs import Ref
from dulwich.repo import Repo

from config.changes import Changes, Wish
from config.cipher import Cipher
from config.domain.refusals import ContendedConfiguration, UnknownLabel
from config.git import FetchFailed, GitRepository
from config.models import Models
from config.remote import Remote
from config.service import Configuration
from tests.integration.config.conftest import SEED

ME = Wish("a tester")


def test_sample_tree_is_good(configuration: Configuration, cipher: Cipher) -> None:
    """What the service comes with can be read, and every value in it is one that its service takes."""
    models = Models.exported(cipher)
    tree = configuration.repository.tree(configuration.repository.resolve("main"))
    assert {"application.yml", "orders.yml"} <= tree.keys()
    for file, documents in tree.items():
        for document in documents:
            for key, value in document.properties.items():
                models.check(file.removesuffix(".yml"), key, value)


def test_repository_is_kept(path: Path, changes: Changes) -> None:
    """The sample tree is for a new one only."""
    made = changes.change("orders", None, {"order_tries": 9}, ME)
    with closing(GitRepository.open(path, SEED, "main")) as again:
        assert again.resolve("main") == made.id


def test_lock_of_a_killed_process_is_removed(path: Path, repository: GitRepository, changes: Changes) -> None:
    """Else nobody could ever change anything again; a fresh one is somebody's at work."""
    lock = path / "refs" / "heads" / "main.lock"
    lock.touch()
    with pytest.raises(ContendedConfiguration):
        changes.change("orders", None, {"order_tries": 9}, ME)
    os.utime(lock, (0, 0))
    GitRepository.open(path, SEED, "main").close()
    changes.change("orders", None, {"order_tries": 9}, ME)


def test_processes_change_it_at_once(path: Path, repository: GitRepository, cipher: Cipher) -> None:
    """The service and the operators' commands: every change is made, none is lost."""
    before = len(list(repository.history(repository.resolve("main"))))

    def change(number: int) -> None:
        with closing(GitRepository(Repo(str(path)))) as mine:  # as another process has it
            changes = Changes(mine, Models.exported(cipher), "main")
            changes.change("orders", f"profile{number}", {"order_tries": number}, ME)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(8)))
    head = repository.resolve("main")
    assert len(list(repository.history(head))) == before + 8
    assert {f"orders-profile{number}.yml" for number in range(8)} <= repository.blobs(head).keys()


def test_remote_is_followed(tmp_path: Path, configuration: Configuration, cipher: Cipher) -> None:
    """Its branches and tags, those that are new and those that are gone; while it is away, what is there is served."""
    away = tmp_path / "remote.git"
    remote = GitRepository.open(away, SEED, "main")
    first = remote.commit("release/1", None, {"orders.yml": b"order_tries: 1\n"}, "a tester", "A branch")
    follower = Remote(configuration.repository, str(away), 60)
    follower.fetch()
    assert configuration.environment("orders", ["default"], "release/1").version == first
    second = Changes(remote, Models.exported(cipher), "main").change("orders", None, {"order_tries": 9}, ME).id
    remote.close()
    with closing(Repo(str(away))) as bare:
        bare.refs.remove_if_equals(Ref(b"refs/heads/release/1"), None)
    follower.fetch()
    assert configuration.environment("orders", ["default"]).version == second
    with pytest.raises(UnknownLabel):
        configuration.environment("orders", ["default"], "release/1")
    away.rename(tmp_path / "gone")
    with pytest.raises(FetchFailed):
        follower.fetch()
    assert follower.problem() is not None
    assert configuration.environment("orders", ["default"]).version == second
