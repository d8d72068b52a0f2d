"""Export what is held about learners, on the record."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from accounts.audit import Action, HasUser, record
from curriculum.exporting import export_of
from curriculum.models import Learner

MAY_EXPORT = "accounts.export_learner"


def exported(learners: Iterable[Learner], by: HasUser | None) -> bytes:
    """Return a ZIP file of the exports of learners, each in a folder named after their id."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for learner in learners:
            export = export_of(learner)
            record(by, Action.EXPORTED, about=Learner, row=learner.pk, count=export.count)
            for name, text in export.files():
                archive.writestr(f"learner-{learner.pk}/{name}", text)
    return content.getvalue()
