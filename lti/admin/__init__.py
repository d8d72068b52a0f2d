"""Admin pages: LMSs, their courses and what these are connected with."""

from __future__ import annotations

from lti.admin import contexts, platforms

__all__ = ["contexts", "platforms"]
