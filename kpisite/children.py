from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from kpisite.lifeline import die_with

LASTED_SECONDS = 10.0
MOST_QUICK_DEATHS = 6
# Valkey gives this advice about big servers at each start.
NOISE = b"Memory overcommit must be enabled"


@dataclass
class Child:
    """One program that the supervisor keeps running."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    quick_deaths: int = 0
    unfinished_line: bytes = b""

    def start(self) -> subprocess.Popen[bytes]:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C at the terminal must reach the supervisor alone, which stops them in order.
            start_new_session=True,
            # Safe, since the supervisor has no threads.
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
        )
        os.set_blocking(self.output, False)
        return self.process

    @property
    def output(self) -> int:
        """Return the descriptor to read its output from; -1 before the first start."""
        if self.process is None or self.process.stdout is None:
            return -1
        return self.process.stdout.fileno()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def has_failed_for_good(self) -> bool:
        return self.quick_deaths >= MOST_QUICK_DEATHS

    @property
    def restart_at(self) -> float:
        """Return when to start it again: at once after a long life, ever later after short ones."""
        pauses = 0 if self.quick_deaths <= 1 else 0.5 * 2 ** (self.quick_deaths - 2)
        return self.started_at + pauses

    def note_death(self) -> None:
        lasted = time.monotonic() - self.started_at
        self.quick_deaths = 0 if lasted >= LASTED_SECONDS else self.quick_deaths + 1
        self.pass_on_output()
        self.kill()
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def pass_on_output(self) -> None:
        """Write its new whole lines to our standard output, each after its name."""
        with suppress(BlockingIOError):
            while block := os.read(self.output, 65_536):
                *lines, self.unfinished_line = (self.unfinished_line + block).split(b"\n")
                for line in lines:
                    self._write(line)
        sys.stdout.flush()

    def _write(self, line: bytes) -> None:
        if NOISE not in line:
            print(f"{self.name:<6} | {line.decode(errors='replace')}")

    def ask_to_stop(self) -> None:
        if self.process and self.is_alive:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and whatever it has started."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
