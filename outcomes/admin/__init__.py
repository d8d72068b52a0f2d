"""The admin of outcomes, one module per subject."""

from __future__ import annotations
