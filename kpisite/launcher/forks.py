"""Run Python modules in forks of this process, which share the memory of what it has loaded.

A fork starts at once, and the loaded product (100 MB) exists once on the machine instead of once in
each program.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from kpisite.launcher.parent_death import die_with_parent

FORKING = multiprocessing.get_context("fork")
HIGHEST_DESCRIPTOR = 4096
# fields of /proc/self/stat after the name in parentheses: where the command line begins and ends
ARGUMENTS = slice(45, 47)


class Fork:
    """A module that runs in a fork with a session of its own, as `python -m MODULE …` would.

    It has the part of the interface of Popen that the supervisor uses. With `is_piped`, `stdout`
    reads its output and errors.
    """

    def __init__(self, arguments: list[str], *, is_piped: bool = False) -> None:
        reader, writer = os.pipe() if is_piped else (-1, -1)
        sys.stdout.flush()
        self._process = FORKING.Process(target=_run, args=(arguments, writer, os.getpid()))
        self._process.start()
        self.stdout: BinaryIO | None = None
        if is_piped:
            os.close(writer)
            self.stdout = os.fdopen(reader, "rb", buffering=0)

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self) -> int:
        self._process.join()
        return self._process.exitcode or 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def share_memory() -> None:
    """Keep the garbage collector from writing to, and so copying, what is loaded now."""
    gc.collect()
    gc.freeze()


def _run(arguments: list[str], output: int, parent: int) -> None:
    """Run a module in this process, which is a fork; `output` is -1 for that of the parent."""
    os.setsid()
    die_with_parent(parent)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if output >= 0:
        os.dup2(output, sys.stdout.fileno())
        os.dup2(output, sys.stderr.fileno())
    # such as the lock of the data folder, which must end with the supervisor
    os.closerange(sys.stderr.fileno() + 1, HIGHEST_DESCRIPTOR)
    module, *others = arguments
    _show_as(" ".join(["python", "-m", *arguments]))
    sys.argv = [module, *others]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _show_as(command: str) -> None:
    """Overwrite the command line of the parent that `ps` would show, as far as its room goes."""
    stat = Path("/proc/self/stat")
    if stat.exists():
        start, end = map(int, stat.read_text().rpartition(")")[2].split()[ARGUMENTS])
        room = end - start
        ctypes.memmove(start, command.encode()[: room - 1].ljust(room, b"\0"), room)
