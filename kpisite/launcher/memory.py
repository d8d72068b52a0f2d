"""Keep the C library from holding on to memory in processes with many threads."""

from __future__ import annotations

import ctypes
import sys

# from malloc.h of glibc
M_ARENA_MAX = -8
# by default, up to 8 for each core: each keeps what its threads have freed
ARENAS = 2


def limit_arenas() -> None:
    """Let all threads share two heaps. Where there is no glibc, this does nothing."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, ARENAS)
