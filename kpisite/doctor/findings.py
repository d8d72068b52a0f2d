"""What the doctor says of one thing: that it is well, or what is wrong and would be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "problem", "unchecked"]


@dataclass(frozen=True)
class Finding:
    """A sentence about one check; a problem also says where it is and what would be right."""

    check: str
    title: str
    level: Level
    text: str
    where: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Problem:
    """What a check yields: what is wrong, where, and what would be right."""

    text: str
    where: str
    remedy: str
