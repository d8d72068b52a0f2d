"""Different spellings of a key mean the same person."""

from __future__ import annotations

import pytest

from core.external_keys import normalize_key
from curriculum.models import Learner


@pytest.mark.parametrize(
    ("spelled", "key"),
    [
        ("Ada@Example.com", "ada@example.com"),
        (" ada@example.com\t", "ada@example.com"),
        ("ada\uff20example.com", "ada@example.com"),
        ("Ren\u00e9e@example.com", "ren\u00e9e@example.com"),
        ("Rene\u0301e@example.com", "ren\u00e9e@example.com"),
        ("\uff21da@example.com", "ada@example.com"),
        (" S-0042 ", "S-0042"),
        ("Rene\u0301e", "Ren\u00e9e"),
        ("a@b@c", "a@b@c"),
    ],
)
def test_a_key_has_one_spelling(spelled: str, key: str) -> None:
    assert normalize_key(spelled) == key
    assert normalize_key(key) == key


@pytest.mark.django_db
def test_a_learner_created_by_hand_is_found_by_events() -> None:
    Learner.objects.create(key=" Ada@Example.com")

    assert Learner.objects.get().key == "ada@example.com"
