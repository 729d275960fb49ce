"""The bare git repository behind the configuration, by dulwich: reading commits, making them, fetching a remote one."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import urllib3
from dulwich.client import get_transport_and_path
from dulwich.errors import GitProtocolError, NotGitRepository
from dulwich.file import FileLocked
from dulwich.object_store import peel_sha
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.patch import write_tree_diff
from dulwich.refs import Ref
from dulwich.repo import BaseRepo, Repo

from config.domain.refusals import BrokenConfiguration, UnknownCommit, UnknownLabel
from config.domain.resolution import SUFFIXES, Document
from config.formats import documents

FILE_MODE = 0o100644
FETCH_SECONDS = 20.0
SHORTEST_COMMIT = 7
LOCK_SECONDS = 60.0
SEEK_GOOD = 1000  # commits looked through for one that can be read


class FetchFailed(Exception):
    """The remote repository did not give what was asked for; the words say why."""


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """What a commit says of itself."""

    id: str
    parent: str | None
    author: str
    message: str
    at: datetime


class GitRepository:
    """One bare repository. Everything that reads or writes it goes through here, one at a time."""

    def __init__(self, repo: BaseRepo) -> None:
        self._repo = repo
        self._lock = threading.RLock()
        self.tree = lru_cache(64)(self._tree)

    @classmethod
    def open(cls, path: Path, seed: Path, branch: str) -> "GitRepository":
        """The repository at this path; a new one begins with the files of `seed`."""
        _remove_old_locks(path)
        try:
            return cls(Repo(str(path)))
        except NotGitRepository:
            repository = cls(Repo.init_bare(str(path), mkdir=not path.exists(), default_branch=branch.encode()))
        files: dict[str, bytes | None] = {
            file.name: file.read_bytes() for file in sorted(seed.iterdir()) if file.is_file()
        }
        repository.commit(branch, None, files, "quadrille", "Start with the settings that come with this version.")
        return repository

    def close(self) -> None:
        """Closes the files that it holds open."""
        if isinstance(self._repo, Repo):
            self._repo.close()

    # Reading

    def resolve(self, label: str) -> str:
        """The commit of a branch, a tag or a (shortened) commit id. Raises `UnknownLabel`."""
        with self._lock:
            for prefix in ("refs/heads/", "refs/tags/"):
                name = Ref(f"{prefix}{label}".encode())
                if name in self._repo.refs:
                    return self._commit_of(self._repo.refs[name]).id.decode()
            try:
                return self.find(label)
            except UnknownCommit:
                raise UnknownLabel(f"There is no branch, tag or commit {label!r}.") from None

    def find(self, commit: str) -> str:
        """The whole id of a commit that may be shortened to seven digits. Raises `UnknownCommit`."""
        is_hex = all(character in "0123456789abcdef" for character in commit)
        with self._lock:
            if is_hex and SHORTEST_COMMIT <= len(commit) <= 40:  # noqa: PLR2004 - the length of a SHA-1
                found = [each for each in self._matching(commit) if isinstance(self._repo[each], Commit)]
                if len(found) == 1:
                    return found[0].decode()
        raise UnknownCommit(f"There is no commit {commit}.")

    def _matching(self, prefix: str) -> Iterator[ObjectID]:
        if len(prefix) == 40:  # noqa: PLR2004 - as above
            return iter([ObjectID(prefix.encode())] if ObjectID(prefix.encode()) in self._repo.object_store else [])
        return self._repo.object_store.iter_prefix(prefix.encode())

    def _commit_of(self, id_: ObjectID) -> Commit:
        _, found = peel_sha(self._repo.object_store, id_)
        if not isinstance(found, Commit):
            raise UnknownLabel("The label names no commit.")
        return found

    def _tree(self, commit: str) -> Mapping[str, list[Document]]:
        """The configuration files of a commit. Raises `BrokenConfiguration`. Cached: a commit never changes."""
        names = {name: id_ for name, id_ in self.blobs(commit).items() if name.endswith(SUFFIXES)}
        return {name: documents(name, self.content(id_)) for name, id_ in names.items()}

    def blobs(self, commit: str) -> dict[str, str]:
        """The ids of the files at the root of a commit's tree, by name."""
        with self._lock:
            tree = self._repo[self._commit(commit).tree]
            assert isinstance(tree, Tree)  # noqa: S101 - narrows the type: a commit's tree is one
            return {
                entry.path.decode("utf-8", "replace"): entry.sha.decode()
                for entry in tree.items()
                if entry.mode & 0o170000 == 0o100000  # noqa: PLR2004 - regular files: no folder, no link
            }

    def content(self, blob: str) -> bytes:
        """The bytes of a file."""
        with self._lock:
            found = self._repo[ObjectID(blob.encode())]
            assert isinstance(found, Blob)  # noqa: S101 - narrows the type
            return found.data

    def good(self, commit: str) -> tuple[str, BrokenConfiguration | None]:
        """The commit itself when all its files can be read, else the last before it; and what is wrong with it."""
        problem = None
        for candidate in self._first_parents(commit, SEEK_GOOD):
            try:
                self.tree(candidate)
            except BrokenConfiguration as error:
                problem = problem or error
            else:
                return candidate, problem
        raise problem or BrokenConfiguration("repository", "it holds no commit that can be read")

    def _first_parents(self, commit: str, limit: int) -> Iterator[str]:
        found: str | None = commit
        for _ in range(limit):
            if found is None:
                return
            yield found
            found = self.info(found).parent

    def info(self, commit: str) -> CommitInfo:
        """What the commit says of itself."""
        with self._lock:
            found = self._commit(commit)
        return CommitInfo(
            id=commit,
            parent=found.parents[0].decode() if found.parents else None,
            author=found.author.decode("utf-8", "replace").partition(" <")[0],
            message=found.message.decode("utf-8", "replace").strip(),
            at=datetime.fromtimestamp(found.commit_time, UTC),
        )

    def history(self, commit: str) -> Iterator[CommitInfo]:
        """The commit and those before it, the newest first."""
        found: str | None = commit
        while found is not None:
            info = self.info(found)
            yield info
            found = info.parent

    def changed_files(self, old: str | None, new: str) -> set[str]:
        """The names of the files that differ."""
        before, after = self.blobs(old) if old else {}, self.blobs(new)
        return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}

    def diff(self, old: str | None, new: str) -> str:
        """The unified diff."""
        out = BytesIO()
        with self._lock:
            before = self._commit(old).tree if old else None
            write_tree_diff(out, self._repo.object_store, before, self._commit(new).tree)
        return out.getvalue().decode("utf-8", "replace")

    def _commit(self, commit: str) -> Commit:
        try:
            found = self._repo[ObjectID(commit.encode())]
        except KeyError:
            raise UnknownCommit(f"There is no commit {commit}.") from None
        if not isinstance(found, Commit):
            raise UnknownCommit(f"{commit} is no commit.")
        return found

    # Writing

    def commit(
        self, branch: str, parent: str | None, files: Mapping[str, bytes | None], author: str, message: str
    ) -> str | None:
        """Commits these files on top of `parent`; None as content removes one.

        Returns the new commit, or None when the branch no longer ends in `parent`.
        """
        with self._lock:
            store = self._repo.object_store
            tree = Tree()
            if parent:
                for entry in self._entries(parent):
                    tree.add(*entry)
            for name, content in files.items():
                if content is None:
                    del tree[name.encode()]
                else:
                    blob = Blob.from_string(content)
                    store.add_object(blob)
                    tree.add(name.encode(), FILE_MODE, blob.id)
            store.add_object(tree)
            commit = _new_commit(tree.id, parent, author, message)
            store.add_object(commit)
            moved = self._move(Ref(f"refs/heads/{branch}".encode()), parent, commit.id)
            return commit.id.decode() if moved else None

    def _move(self, head: Ref, parent: str | None, commit: ObjectID) -> bool:
        try:
            if parent is None:
                return self._repo.refs.add_if_new(head, commit)
            return self._repo.refs.set_if_equals(head, ObjectID(parent.encode()), commit)
        except FileLocked:  # another process moves it at this moment
            return False

    def _entries(self, commit: str) -> list[tuple[bytes, int, ObjectID]]:
        tree = self._repo[self._commit(commit).tree]
        assert isinstance(tree, Tree)  # noqa: S101 - narrows the type
        return [(entry.path, entry.mode, entry.sha) for entry in tree.items()]

    # What was announced is kept in the repository itself: it is written in one step, and stays with what it is about.

    def mark(self, name: str) -> str | None:
        """The commit of a private mark."""
        with self._lock:
            found = self._repo.refs.read_ref(Ref(f"refs/quadrille/{name}".encode()))
        return found.decode() if found else None

    def set_mark(self, name: str, commit: str) -> None:
        """Moves a private mark."""
        with self._lock:
            self._repo.refs.set_if_equals(Ref(f"refs/quadrille/{name}".encode()), None, ObjectID(commit.encode()))

    def fetch(self, url: str) -> None:
        """Makes the branches and tags those of the remote repository. Raises `FetchFailed`."""
        try:
            pool = urllib3.PoolManager(timeout=urllib3.Timeout(FETCH_SECONDS), retries=False)
            client, path = (
                get_transport_and_path(url, pool_manager=pool)
                if url.startswith(("http://", "https://"))
                else get_transport_and_path(url)
            )
            with self._lock:
                result = client.fetch(path.encode(), self._repo)
                self._follow({name: id_ for name, id_ in result.refs.items() if id_})
        except (GitProtocolError, NotGitRepository, OSError, urllib3.exceptions.HTTPError, KeyError) as error:
            raise FetchFailed(f"{type(error).__name__}: {error}".splitlines()[0]) from error

    def _follow(self, remote: Mapping[Ref, ObjectID]) -> None:
        wanted = {name: id_ for name, id_ in remote.items() if name.startswith((b"refs/heads/", b"refs/tags/"))}
        for name, id_ in wanted.items():
            if not name.endswith(b"^{}"):
                self._repo.refs[name] = id_
        for name in list(self._repo.refs.allkeys()):
            if name.startswith((b"refs/heads/", b"refs/tags/")) and name not in wanted:
                self._repo.refs.remove_if_equals(name, None)


def _remove_old_locks(path: Path) -> None:
    """What a process that was killed amid a write has left; a write takes milliseconds."""
    for lock in path.glob("refs/**/*.lock"):
        if time.time() - lock.stat().st_mtime > LOCK_SECONDS:
            lock.unlink(missing_ok=True)


def _new_commit(tree: ObjectID, parent: str | None, author: str, message: str) -> Commit:
    commit = Commit()
    commit.tree = tree
    commit.parents = [ObjectID(parent.encode())] if parent else []
    who = "".join(character for character in author if character.isprintable() and character not in "<>")
    commit.author = commit.committer = f"{who or 'unknown'} <configuration>".encode()
    commit.commit_time = commit.author_time = int(time.time())
    commit.commit_timezone = commit.author_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = message.encode() + b"\n"
    return commit
