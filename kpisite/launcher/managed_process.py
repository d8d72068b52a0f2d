"""One program that the supervisor keeps running: start, health, restart and output."""

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

from kpisite.launcher.forks import Fork
from kpisite.launcher.parent_death import die_with_parent

# a process that ran for this long is restarted at once
STABLE_SECONDS = 10.0
MAX_FAILURES = 6
MAX_PAUSE_SECONDS = 30.0
PING_EVERY_SECONDS = 1.0
# shorter than STABLE_SECONDS: a process that never answers counts as failed to start
UNRESPONSIVE_SECONDS = 8.0
# Valkey prints this advice for large servers at each start
NOISE = b"Memory overcommit must be enabled"


@dataclass
class ManagedProcess:
    """One program that the supervisor keeps running.

    `command` is a program with its arguments, or, in a fork, a module with its arguments. `answers`
    returns whether it responds. `recover` is called when it exits by itself right after its start.
    """

    name: str
    command: list[str]
    is_fork: bool = False
    answers: Callable[[], bool] | None = None
    recover: Callable[[], None] | None = None
    process: subprocess.Popen[bytes] | Fork | None = None
    started_at: float = 0.0
    early_exits: int = 0
    pinged_at: float = 0.0
    answered_at: float = 0.0
    failures: int = 0
    unfinished_line: bytes = b""

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = Fork(self.command, is_piped=True) if self.is_fork else self._open()
        os.set_blocking(self.output, False)

    def _open(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal must only reach the supervisor, which stops all in order
            start_new_session=True,
            # safe, since the supervisor has no threads
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509
        )

    @property
    def output(self) -> int:
        """Return the descriptor to read its output from; -1 before the first start."""
        if self.process is None or self.process.stdout is None:
            return -1
        return self.process.stdout.fileno()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_unresponsive(self) -> bool:
        """Ping it once a second; True if it runs but has not answered for some seconds."""
        now = time.monotonic()
        if self.answers is None or not self.is_alive or now - self.pinged_at < PING_EVERY_SECONDS:
            return False
        self.pinged_at = now
        if self.answers():
            self.answered_at = now
        return now - max(self.answered_at, self.started_at) > UNRESPONSIVE_SECONDS

    @property
    def has_failed_permanently(self) -> bool:
        return self.failures >= MAX_FAILURES

    @property
    def restart_at(self) -> float:
        """Return when to restart it: at once if it ran for long, else after a growing pause."""
        # a larger exponent would overflow the float
        power = min(self.early_exits - 2, 10)
        pause = 0.5 * 2**power if power >= 0 else 0
        return self.started_at + min(pause, MAX_PAUSE_SECONDS)

    def record_exit(self) -> None:
        self.print_output()
        ran_for = time.monotonic() - self.started_at
        if ran_for >= STABLE_SECONDS or self.answered_at > self.started_at:
            self.early_exits = self.failures = 0
        else:
            self.early_exits += 1
            # a positive code means that it was not killed but could not start
            if self.process and (self.process.returncode or 0) > 0:
                self.failures += 1
                if self.recover:
                    self.recover()
        self.kill()
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def print_output(self) -> None:
        """Print its new complete lines, each prefixed with its name."""
        with suppress(BlockingIOError):
            while block := os.read(self.output, 65_536):
                *lines, self.unfinished_line = (self.unfinished_line + block).split(b"\n")
                for line in lines:
                    if NOISE not in line:
                        print(f"{self.name:<6} | {line.decode(errors='replace')}")
        sys.stdout.flush()

    def terminate(self) -> None:
        if self.process and self.is_alive:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and all processes it has started."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            # right after its start, a fork leads no group yet
            self.process.kill()
            self.process.wait()
