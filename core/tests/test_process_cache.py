from __future__ import annotations

from core.process_cache import ProcessCache


def test_a_stored_result_is_found_again() -> None:
    kept: ProcessCache[int] = ProcessCache(2)
    kept.keep("ada", 1)

    assert (kept.get("ada"), kept.get("bo")) == (1, None)


def test_the_least_recently_used_result_is_dropped_first() -> None:
    kept: ProcessCache[int] = ProcessCache(2)
    kept.keep("ada", 1)
    kept.keep("bo", 2)
    kept.get("ada")
    kept.keep("cleo", 3)

    assert (kept.get("ada"), kept.get("bo"), kept.get("cleo")) == (1, None, 3)
