"""Git repositories in memory."""

from collections.abc import Mapping

from dulwich.repo import MemoryRepo

from config.git import GitRepository


def repository_of(files: Mapping[str, str]) -> GitRepository:
    """A repository whose branch `main` holds these files."""
    repository = GitRepository(MemoryRepo())
    repository.commit("main", None, {name: text.encode() for name, text in files.items()}, "a tester", "Begin")
    return repository
