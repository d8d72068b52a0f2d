"""The CPU time of processes, which says more than wall time on a machine that does other things."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of_tree(pid: int) -> float:
    """Return the CPU seconds of a process and its descendants, with those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    own = sum(map(int, fields[11:15])) / TICKS
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return own + sum(
        seconds_of_tree(int(one)) for file in children for one in file.read_text().split()
    )
