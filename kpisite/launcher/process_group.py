from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from types import FrameType

from kpisite import disk_space
from kpisite.launcher.managed_process import MOST_FAILURES, ManagedProcess
from kpisite.launcher.parent_death import die_with_parent

TICK_SECONDS = 0.1
STOP_SECONDS = 5.0


class ProcessGroup:
    """The running children, in the order of their start; it stops them the other way round."""

    def __init__(self) -> None:
        self.children: list[ManagedProcess] = []
        self.stop_requests = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_stop_request)

    def _note_stop_request(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1

    def start(self, child: ManagedProcess) -> subprocess.Popen[bytes]:
        self.children.append(child)
        return child.start()

    def look_after_until(self, is_done: Callable[[], bool]) -> bool:
        """Keep all running; return True when it is done, False when we are asked to stop.

        A child that gives up again and again ends the program with a sentence; one that is killed
        does not.
        """
        while not self.stop_requests:
            self._tick()
            if is_done():
                return True
        return False

    def run(self, command: list[str]) -> bool:
        """Run one program to its end; return whether it went well."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509
        )
        if not self.look_after_until(lambda: process.poll() is not None):
            process.terminate()
        return process.wait() == 0

    def _tick(self) -> None:
        self._pass_on_output()
        for child in self.children:
            if child.has_fallen_silent():
                print(f"The {child.name} runs but does not answer.")
                child.kill()
            if child.process and not child.is_alive:
                self._report_death(child)
            if not child.process and time.monotonic() >= child.restart_at:
                child.start()

    def _pass_on_output(self) -> None:
        reading = {child.output: child for child in self.children if child.process}
        ready, _, _ = select.select(list(reading), [], [], TICK_SECONDS)
        for descriptor in ready:
            reading[descriptor].pass_on_output()
        if ready:
            # A closed pipe is always ready; without a pause its child's death would be awaited hot.
            time.sleep(TICK_SECONDS / 10)

    def _report_death(self, child: ManagedProcess) -> None:
        code = child.process.returncode if child.process else None
        child.note_death()
        if child.has_failed_for_good:
            sys.exit(
                f"The {child.name} ended {MOST_FAILURES} times right after its start; "
                f"its lines above say why.{disk_space.hint()}"
            )
        print(f"The {child.name} ended (code {code}) and is started again.")

    def stop(self) -> None:
        """Stop all, the first started last; who takes too long is killed."""
        for child in reversed(self.children[1:]):
            child.ask_to_stop()
        for child in reversed(self.children):
            child.ask_to_stop()
            self._await_end(child)
            child.kill()

    def _await_end(self, child: ManagedProcess) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        requests = max(self.stop_requests, 1)
        while child.is_alive and time.monotonic() < deadline:
            self._pass_on_output()
            if self.stop_requests > requests:
                return
