from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from business.own_referrals import with_referrals
from core.cacheable import cacheable
from learners.own_learner import learners_of
from learners.progress.page import progress_page


@cacheable
@require_safe
@login_required
def progress(request: HttpRequest) -> HttpResponse:
    """Show everything about the learner of the account, and nothing about anybody else."""
    learner = with_referrals(learners_of(request)).first()
    page = progress_page(learner, timezone.now()) if learner else None
    return render(request, "learners/progress.html", {"page": page, "link": _link(request, page)})


def _link(request: HttpRequest, page: object) -> str:
    code = getattr(getattr(page, "learner", None), "own_code", None)
    return request.build_absolute_uri(f"/r/{code}") if code else ""
