from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.pdf_fonts import can_write
from learners.certificates.certified import Certified, certificates_of, certified
from learners.certificates.pdf import certificate_pdf
from learners.own_learner import learners_of

View = Callable[..., HttpResponse]


def secret_address(view: View) -> View:
    """Keep the address, which contains the code, out of search engines and other sites' logs."""

    @wraps(view)
    def kept(request: HttpRequest, code: str) -> HttpResponse:
        response = view(request, code)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"  # not translated: for programs
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return kept


@require_safe
@login_required
def own(request: HttpRequest) -> HttpResponse:
    """List the certificates of the learner of the account."""
    learner = learners_of(request).first()
    found = certificates_of(learner, timezone.now()) if learner else []
    return render(request, "learners/certificates/own.html", {"certificates": found})


@secret_address
@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Show everybody who has the code what the certificate says."""
    found = certified(code, timezone.now())
    if found is None:
        return _unknown(request)
    context = {"one": found, "has_pdf": _is_own(request, found) and _has_pdf(found)}
    return render(request, "learners/certificates/certificate.html", context)


@secret_address
@require_safe
@login_required
def pdf(request: HttpRequest, code: str) -> HttpResponse:
    """Answer its owner with a certificate as a file; one that cannot be written is a page only."""
    found = certified(code, timezone.now())
    if found is None or not _is_own(request, found):
        return _unknown(request)
    if not _has_pdf(found):
        return HttpResponseRedirect(found.path)
    response = HttpResponse(certificate_pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="certificate-{found.code}.pdf"'
    return response


def _is_own(request: HttpRequest, found: Certified) -> bool:
    owner = found.code.enrollment.learner.user_id
    return owner is not None and owner == request.user.pk


def _has_pdf(found: Certified) -> bool:
    texts = (found.name, found.course, found.certificate.number)
    return not found.is_revoked and bool(found.name) and all(map(can_write, texts))


def _unknown(request: HttpRequest) -> HttpResponse:
    return render(request, "learners/certificates/unknown.html", status=404)
