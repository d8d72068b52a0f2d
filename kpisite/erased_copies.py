"""Erase what caches, Valkey and the database's files still hold of an erased person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache

from core import process_cache, task_queue
from core.database.overwriting import overwrite_journal
from core.personal_data import Person
from intake.files.wizard import uploads


def erase_copies(person: Person) -> None:
    """Empty the caches of this process, and delete uploads and files that name the person.

    Other processes find nothing of earlier versions in their caches, which follow the commits.
    """
    process_cache.clear_all()
    try:
        _delete_uploads(person)
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("copies of what was erased may remain there", error)
    rewrite_files()


def rewrite_files() -> None:
    """Overwrite what was deleted in the files of SQLite and of the private Valkey.

    Also done every night, for erasures whose process was killed after the transaction, and for
    files that somebody was reading.
    """
    overwrite_journal()
    _rewrite_valkey_log()


def _delete_uploads(person: Person) -> None:
    """Delete the files that wait for their import to be confirmed and that name the person."""
    for name in _cached_names(f"{uploads.PREFIX}*"):
        upload = cache.get(name)
        if isinstance(upload, uploads.Upload) and upload.may_name(person.is_named_in):
            cache.delete(name)


def _cached_names(pattern: str) -> list[str]:
    prefix = cache.make_key("")
    keys = _client().scan_iter(match=cache.make_key(pattern))
    return [key.decode().removeprefix(prefix) for key in keys]


def _rewrite_valkey_log() -> None:
    """Have our own Valkey write its file anew, since the file holds deleted values, too."""
    if not settings.VALKEY.is_socket:
        return
    try:
        _client().bgrewriteaof()
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("its file is written anew the next night", error)


def _client() -> Any:
    backend: Any = cache
    return backend._cache.get_client(write=True)  # noqa: SLF001  # Django has no other way
