"""Export everything that the site holds about a learner, as JSON and as CSV in a ZIP file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from core.csv_text import csv_text
from curriculum.erasing import HeldData, personal_data_of
from curriculum.models import Learner

JSON_NAME = "data.json"


@dataclass(frozen=True)
class Export:
    """Everything that the site holds about a learner, by model."""

    learner: str
    made_at: datetime
    data: list[HeldData]

    @property
    def count(self) -> int:
        """The number of rows."""
        return sum(len(held.rows) for held in self.data)

    def as_dict(self) -> dict[str, Any]:
        return {
            "learner": self.learner,
            "exported_at": self.made_at,
            "data": {
                held.model: {
                    "name": held.name,
                    "on_erasure": held.action,
                    "reason": held.reason,
                    "rows": held.rows,
                }
                for held in self.data
            },
        }

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield the names and texts of the JSON file and of a CSV file per model."""
        yield JSON_NAME, self.as_json()
        for held in self.data:
            yield f"{held.model}.csv", csv_text(held.rows)

    def as_zip(self) -> bytes:
        """Return a ZIP file of the JSON file and a CSV file per model."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in self.files():
                archive.writestr(name, text)
        return content.getvalue()


def export_of(learner: Learner) -> Export:
    """Return everything that the site holds about a learner, except the digest of a password."""
    return Export(learner.key, timezone.now(), personal_data_of(learner))
