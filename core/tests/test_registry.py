from __future__ import annotations

import pytest

from core.registry import Registry


def test_objects_stay_in_the_order_of_their_declaration() -> None:
    fruits: Registry[int] = Registry("Fruit")
    fruits.register("pear", 2)
    fruits.register("apple", 1)

    assert list(fruits.items()) == [("pear", 2), ("apple", 1)]


def test_a_key_cannot_be_registered_twice() -> None:
    fruits: Registry[int] = Registry("Fruit")
    fruits.register("pear", 2)
    with pytest.raises(ValueError, match=r"Fruit pear is registered twice\."):
        fruits.register("pear", 2)

    assert fruits == {"pear": 2}
