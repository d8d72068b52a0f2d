"""The framework, the versions of a course's structure, and the import of files."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from core.cacheable import cacheable
from curriculum_pages.framework.framework_page import FILTERS, FrameworkPage
from curriculum_pages.framework.import_form import PERMISSIONS, FrameworkImportForm
from curriculum_pages.framework.versions import VersionsPage
from presentation import filters
from presentation.page_query import query_service_of


def may_import(user: User) -> bool:
    return user.is_staff and user.has_perms(PERMISSIONS)


@cacheable
@login_required
@require_safe
def framework(request: HttpRequest) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    given = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    chosen = filters.read(given, reader=service.reader, now=service.now)
    page = FrameworkPage(chosen, service)
    context = {
        "reader": service.reader,
        "filters": chosen,
        "page": page,
        "may_import": may_import(user),
    }
    status = 400 if chosen.errors else 200
    return render(request, "curriculum_pages/framework.html", context, status=status)


@cacheable
@login_required
@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    service = query_service_of(request)
    key = request.GET.get("course", "")
    course = None if "\0" in key else service.reader.courses().filter(key=key).first()
    if course is None:
        raise Http404(gettext("Unknown course “%(key)s”.") % {"key": key})
    page = VersionsPage(course, request.GET.dict())
    context = {"reader": service.reader, "page": page}
    status = 200 if page.is_valid else 400
    return render(request, "curriculum_pages/framework_versions.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    if not may_import(user):
        raise PermissionDenied(gettext("Importing needs the permission to change courses."))
    form = FrameworkImportForm(request.POST or None, request.FILES or None)
    report = None
    if request.method == "POST" and form.is_valid():
        is_dry_run = request.POST.get("act") != "import"
        report = form.run(user, is_dry_run=is_dry_run)
        if report and not is_dry_run:
            messages.success(request, gettext("The framework was imported."))
            return HttpResponseRedirect(reverse("curriculum_pages:framework"))
    context = {"reader": service.reader, "form": form, "report": report}
    status = 400 if form.errors else 200
    return render(request, "curriculum_pages/framework_import.html", context, status=status)
