"""The processes of the product on one machine: keep them running and stop them in order."""

from __future__ import annotations

import select
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from kpisite import disk_space
from kpisite.launcher.forks import Fork
from kpisite.launcher.managed_process import MAX_FAILURES, ManagedProcess

TICK_SECONDS = 0.1
STOP_SECONDS = 5.0


class ProcessGroup:
    """Child processes in the order they were started; they are stopped in reverse order."""

    def __init__(self) -> None:
        self.children: list[ManagedProcess] = []
        self.stop_requests = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count_stop_request)

    def _count_stop_request(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1

    def start(self, child: ManagedProcess) -> None:
        self.children.append(child)
        child.start()

    def keep_running_until(self, is_done: Callable[[], bool]) -> bool:
        """Restart children that end, until `is_done()`; return False on a request to stop.

        A child that repeatedly fails to start ends the program with an error message; one that is
        killed does not.
        """
        while not self.stop_requests:
            self._tick()
            if is_done():
                return True
        return False

    def run(self, module: str, *arguments: str) -> bool:
        """Run one module in a fork to its end; return whether it succeeded."""
        process = Fork([module, *arguments])
        if not self.keep_running_until(lambda: process.poll() is not None):
            process.terminate()
        return process.wait() == 0

    def _tick(self) -> None:
        self._print_output()
        for child in self.children:
            if child.is_unresponsive():
                print(f"{child.name} is running but not responding.")
                child.kill()
            if child.process and not child.is_alive:
                self._report_exit(child)
            if not child.process and time.monotonic() >= child.restart_at:
                child.start()

    def _print_output(self) -> None:
        by_descriptor = {child.output: child for child in self.children if child.process}
        ready, _, _ = select.select(list(by_descriptor), [], [], TICK_SECONDS)
        for descriptor in ready:
            by_descriptor[descriptor].print_output()
        if ready:
            # a closed pipe is always ready: without a pause, this would be a busy loop
            time.sleep(TICK_SECONDS / 10)

    def _report_exit(self, child: ManagedProcess) -> None:
        code = child.process.returncode if child.process else None
        child.record_exit()
        if child.has_failed_permanently:
            sys.exit(
                f"{child.name} failed to start {MAX_FAILURES} times; see its messages above for "
                f"the reason.{disk_space.hint()}"
            )
        print(f"{child.name} exited with code {code}; restarting.")

    def stop(self) -> None:
        """Stop all children, the first one last; kill those that take too long."""
        for child in reversed(self.children[1:]):
            child.terminate()
        for child in reversed(self.children):
            child.terminate()
            self._wait_for_exit(child)
            child.kill()

    def _wait_for_exit(self, child: ManagedProcess) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        requests = max(self.stop_requests, 1)
        while child.is_alive and time.monotonic() < deadline:
            self._print_output()
            if self.stop_requests > requests:
                return
