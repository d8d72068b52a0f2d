from __future__ import annotations

from collections.abc import Iterator

import pytest

from lti.tests.lms import INSTRUCTOR, LEARNER, Lms, running_lms


@pytest.fixture
def lms() -> Iterator[Lms]:
    """Return an LMS in which Ines teaches and Leo learns."""
    with running_lms() as one:
        one.knows("ines", INSTRUCTOR, name="Ines", email="ines@example.com")
        one.knows("leo", LEARNER, name="Leo", email="leo@example.com")
        yield one
