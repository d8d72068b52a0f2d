"""Random codes that people can read aloud and type."""

from __future__ import annotations

import secrets

# without vowels, which could form words, and without letters that look like digits
LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"


def random_code(length: int) -> str:
    """Return a code that nobody can guess: about 4.8 bits per letter."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def normalize_code(code: str) -> str:
    """Return the code as it is stored: in capitals, without hyphens and spaces."""
    return "".join(one for one in code.upper() if one not in " -\t")


def grouped(code: str) -> str:
    """Write a code in groups of four: BCDF-2345."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
