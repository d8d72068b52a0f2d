"""What every e-mail with figures must say: a slot that upper apps fill."""

from __future__ import annotations

from collections.abc import Callable

# each returns a sentence, or nothing if there is nothing to say
NOTICES: list[Callable[[], str]] = []


def notices() -> list[str]:
    """Return the sentences that apply now."""
    return [text for notice in NOTICES if (text := notice())]
