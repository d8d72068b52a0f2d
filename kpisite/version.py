"""The version of the product, which the pages and the API name; CHANGELOG.md says what is in it."""

from __future__ import annotations

VERSION = "0.1.0.dev0"
