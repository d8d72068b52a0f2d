"""The admin of the models of chances and of contacts, both of which are only read there."""

from __future__ import annotations

from support.admin import chance_models, contacts

__all__ = ["chance_models", "contacts"]
