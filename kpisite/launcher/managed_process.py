from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from kpisite.launcher.parent_death import die_with_parent

LASTED_SECONDS = 10.0
MOST_FAILURES = 6
LONGEST_PAUSE_SECONDS = 30.0
ASK_EVERY_SECONDS = 1.0
# less than what lasted: who never answers from the start on has failed as one that dies
SILENT_SECONDS = 8.0
# Valkey gives this advice about big servers at each start.
NOISE = b"Memory overcommit must be enabled"


@dataclass
class ManagedProcess:
    """One program that the supervisor keeps running.

    `answers` says whether it does its work. `recover` is tried where it ends by itself right after
    its start.
    """

    name: str
    command: list[str]
    answers: Callable[[], bool] | None = None
    recover: Callable[[], None] | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    quick_deaths: int = 0
    asked_at: float = 0.0
    answered_at: float = 0.0
    failures: int = 0
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
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509
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

    def has_fallen_silent(self) -> bool:
        """Ask it, once a second; True when it runs but has not answered for some seconds."""
        now = time.monotonic()
        if self.answers is None or not self.is_alive or now - self.asked_at < ASK_EVERY_SECONDS:
            return False
        self.asked_at = now
        if self.answers():
            self.answered_at = now
        return now - max(self.answered_at, self.started_at) > SILENT_SECONDS

    @property
    def has_failed_for_good(self) -> bool:
        return self.failures >= MOST_FAILURES

    @property
    def restart_at(self) -> float:
        """Return when to start it again: at once after a long life, ever later after short ones."""
        # no power so high that it is no float any more
        power = min(self.quick_deaths - 2, 10)
        pause = 0.5 * 2**power if power >= 0 else 0
        return self.started_at + min(pause, LONGEST_PAUSE_SECONDS)

    def note_death(self) -> None:
        self.pass_on_output()
        lasted = time.monotonic() - self.started_at
        if lasted >= LASTED_SECONDS or self.answered_at > self.started_at:
            self.quick_deaths = self.failures = 0
        else:
            self.quick_deaths += 1
            self._note_failure()
        self.kill()
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def _note_failure(self) -> None:
        """Where it was not killed but gave up: what it finds at its start keeps it from running."""
        if self.process is not None and (self.process.returncode or 0) > 0:
            self.failures += 1
            if self.recover:
                self.recover()

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
