from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.learner_exports import MAY_EXPORT, exported
from curriculum.admin.learners import LearnerAdmin, learner_action
from curriculum.models import Learner

# each export holds all of a learner's events, and the response is built in memory
MOST = 20


@learner_action(MAY_EXPORT)
@admin.action(description=_("Export everything held about the chosen learners"))
def export_learners(
    model_admin: LearnerAdmin, request: HttpRequest, learners: QuerySet[Learner]
) -> HttpResponse | None:
    if learners.count() > MOST:
        text = gettext("Choose at most %(most)s learners at once.") % {"most": MOST}
        messages.error(request, text)
        return None
    response = HttpResponse(exported(learners, request), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="learners.zip"'
    return response
