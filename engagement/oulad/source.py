"""Where the files lie: the publisher's zip or a folder it was unpacked to."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from engagement.oulad.files import COLUMNS

CHUNK = 1 << 20


class SourceError(Exception):
    """The files cannot be taken; its text is the sentence that says which, where and why."""


class Source:
    """The seven files, whole and with the columns that are read; SourceError where they are not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = None if path.is_dir() else _opened(path)
        self._names = self._found()
        for name in COLUMNS:
            self._check(name)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """The file's bytes; SourceError when the archive turns out to be damaged."""
        try:
            with self._stream(name) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise SourceError(f"{name} in {self.path.name} is damaged: {error}.") from error
        except OSError as error:
            raise SourceError(f"{name} in {self.path.name} cannot be read: {error}.") from error

    def size(self, name: str) -> int:
        """In bytes, unpacked."""
        if self._zip:
            return self._zip.getinfo(self._names[name]).file_size
        return (self.path / self._names[name]).stat().st_size

    def digest(self, advance: Callable[[int], object]) -> str:
        """SHA-256 of all that is read: the same for the zip and for the folder."""
        sha = hashlib.sha256()
        for name in sorted(COLUMNS):
            sha.update(f"{name} {self.size(name)} ".encode())
            with self.open(name) as stream:
                while chunk := stream.read(CHUNK):
                    sha.update(chunk)
                    advance(len(chunk))
        return sha.hexdigest()

    def _stream(self, name: str) -> IO[bytes]:
        if self._zip:
            return self._zip.open(self._names[name])
        return (self.path / self._names[name]).open("rb")

    def _found(self) -> dict[str, str]:
        names = self._zip.namelist() if self._zip else [one.name for one in self.path.iterdir()]
        # of a zip with a folder in it, the files are meant; not the shadows that macOS adds
        found = {
            PurePosixPath(name).name: name for name in names if not name.startswith("__MACOSX")
        }
        missing = [name for name in COLUMNS if name not in found]
        if missing:
            raise SourceError(f"{self.path.name} has no {' and no '.join(missing)}.")
        return found

    def _check(self, name: str) -> None:
        with self.open(name) as stream:
            head = stream.readline(CHUNK).decode("utf-8-sig", errors="replace")
        columns = next(csv.reader(io.StringIO(head)), [])
        missing = [column.name for column in COLUMNS[name] if column.name not in columns]
        if missing:
            raise SourceError(f"{name} has no column {' and no column '.join(missing)}.")


def _opened(path: Path) -> zipfile.ZipFile:
    if not path.exists():
        raise SourceError(f"There is no file or folder {path}.")
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path.name} is not a whole zip file: {error}.") from error
