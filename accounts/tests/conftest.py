from __future__ import annotations

from accounts.tests.signed_in import ada

__all__ = ["ada"]
