"""The wizard in the admin: upload, what the file is, choices, preview, import."""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import islice
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext

from accounts.models import User
from accounts.reader import Reader
from core.database.outages import describe_error
from curriculum.models import Course
from intake.csv.columns import Columns
from intake.csv.importing import AlreadyImportedError, InvalidRowsError, import_file, sender_for
from intake.csv.options import FORM
from intake.csv.pages import may_import, template_of
from intake.csv.source import EventSource
from intake.event_kinds import KINDS
from intake.files.choices import ChoicesError
from intake.files.opening import COLUMNS, Opened, open_file
from intake.files.saved import mapping_named, save_mapping
from intake.files.trial import try_import
from intake.files.wizard import uploads
from intake.files.wizard.forms import (
    ChoicesForm,
    ImportOptionsForm,
    ReadingForm,
    UploadForm,
    answers_in,
    course_keys,
    signature,
)
from intake.files.wizard.uploads import Upload
from intake.models import ImportRun
from intake.tables.errors import EncodingError, TableError

# the page imports while its visitor waits; larger files need the command
MAX_ROWS = 10_000
UPLOAD_PAGE, FILE_PAGE = "intake_event_import", "intake_event_import_file"


class FileImportPages(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin with the wizard; its list links to it."""

    change_list_template = "admin/intake/event/change_list.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        context = {**(extra_context or {}), "has_import_permission": may_import(request)}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            found: URLPattern = path(route, self.admin_site.admin_view(view), name=name)
            return found

        return [
            page("import/<str:kind>.csv", self.template_view, "intake_event_import_template"),
            page("import/", self.upload_view, UPLOAD_PAGE),
            page("import/<str:token>/", self.file_view, FILE_PAGE),
            *super().get_urls(),
        ]

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        _check(request)
        return template_of(kind)

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        user = _check(request)
        form = UploadForm(
            request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind")}
        )
        if request.method == "POST" and form.is_valid():
            file, chosen = form.cleaned_data["file"], form.cleaned_data
            upload = Upload(file.name, file.read(), user.pk)
            how = {"encoding": chosen["encoding"]}
            try:
                _open(upload, how)
            except EncodingError as error:
                form.add_error("encoding", str(error))
            except TableError as error:
                form.add_error("file", str(error))
            else:
                kept = {name: chosen[name] for name in ("encoding", "mapping", "kind")}
                query = {name: value for name, value in kept.items() if value}
                page = reverse(f"admin:{FILE_PAGE}", args=[uploads.keep(upload)], query=query)
                return HttpResponseRedirect(page)
        kind = KINDS.get(request.GET.get("kind", ""))
        columns = Columns(kind).by_short_name if kind else {}
        return self._page(
            request, "upload.html", form=form, kinds=sorted(KINDS), kind=kind, columns=columns
        )

    def file_view(self, request: HttpRequest, token: str) -> HttpResponse:
        user = _check(request)
        upload = uploads.find(token, user.pk)
        if upload is None:
            text = gettext("This upload has expired or was already imported.")
            messages.warning(request, text)
            return HttpResponseRedirect(reverse(f"admin:{UPLOAD_PAGE}"))
        step = ImportStep(request, user, token, upload)
        answer = step.run()
        return answer or self._page(request, "file.html", **step.context)

    def _page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "title": gettext("Import a file")}
        return TemplateResponse(request, f"admin/intake/event/{template}", {**shared, **context})


def _check(request: HttpRequest) -> User:
    if not may_import(request) or not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _open(upload: Upload, how: Mapping[str, Any]) -> Opened:
    return open_file(lambda: io.BytesIO(upload.content), upload.name, **how)


class ImportStep:
    """One request of the wizard about an uploaded file."""

    def __init__(self, request: HttpRequest, user: User, token: str, upload: Upload) -> None:
        self.request, self.user, self.token, self.upload = request, user, token, upload
        self.data = request.POST if request.method == "POST" else None
        self.context: dict[str, Any] = {"upload": upload, "courses": course_keys()}

    def run(self) -> HttpResponse | None:
        """Do what the request asks for; None to show the page with `context`."""
        try:
            saved = self._saved()
            if opened := self._opened(saved):
                return self._ask(opened, saved)
        except TableError as error:
            self.context["error"] = str(error)
        return None

    def _ask(self, opened: Opened, saved: Mapping[str, Any]) -> HttpResponse | None:
        answers = saved.get("answers", {})
        if kind := self.request.GET.get("kind"):
            answers = {"kind": kind, **answers}
        form, options = self._forms(opened, answers, saved.get("sender", ""))
        self.context |= {"opened": opened, "form": form, "options": options}
        is_answered = self.data and ("_preview" in self.data or "_import" in self.data)
        # both show their errors
        if not is_answered or not (form.is_valid() & options.is_valid()):
            return None
        try:
            return self._try_or_import(opened, form, options)
        except ChoicesError as error:
            form.add_problems(error.problems)
        return None

    def _saved(self) -> dict[str, Any]:
        name = self.request.GET.get("mapping", "")
        if not name:
            return {}
        found = mapping_named(name)
        return {"shape": found.shape, "answers": found.answers, "sender": found.sender}

    def _opened(self, saved: Mapping[str, Any]) -> Opened | None:
        shape = saved.get("shape") or (COLUMNS if self.request.GET.get("kind") else "")
        first = {"shape": shape, "encoding": self.request.GET.get("encoding", "")}
        reading = ReadingForm(self.data or first)
        self.context["reading"] = reading
        if not reading.is_valid():
            return None
        return _open(self.upload, reading.how)

    def _forms(
        self, opened: Opened, answers: Mapping[str, str], sender: str
    ) -> tuple[ChoicesForm, ImportOptionsForm]:
        """Return the forms; which questions are asked may depend on the first answer."""
        data = self.data
        if data is not None:
            answers = answers_in(opened.choices({}), data)
        choices = opened.choices(answers)
        # a first visit, or a file that is read anew, starts with what is proposed
        is_new = data is None or data.get("asked") != _asked(choices)
        initial = {
            "sender": sender or (opened.key if opened.key != COLUMNS else "csv"),
            # on a site without courses, nothing in the file can be known
            "creates_unknown": not Course.objects.exists(),
        }
        is_mapped = opened.key == COLUMNS
        self.context["asked"] = _asked(choices)
        if is_new:
            return ChoicesForm(choices, answers), ImportOptionsForm(
                initial=initial, is_mapped=is_mapped
            )
        return ChoicesForm(choices, answers, data), ImportOptionsForm(data, is_mapped=is_mapped)

    def _try_or_import(
        self, opened: Opened, form: ChoicesForm, options: ImportOptionsForm
    ) -> HttpResponse | None:
        answers, chosen = form.answers, options.cleaned_data
        if chosen.get("replaces"):
            answers["replace"] = "yes"
        sender = sender_for(chosen["sender"], creates_unknown=chosen["creates_unknown"])
        source = opened.source(answers, sender.name, FORM)
        proof = signature(self.token, {**answers, **chosen, **self.context["reading"].how})
        if self.data and "_import" in self.data and self.data.get("proof") == proof:
            return self._import(source, opened, answers, chosen)
        if len(list(islice(source, MAX_ROWS + 1))) > MAX_ROWS:
            message = gettext(
                "%(file)s has more than %(limit)s events. Import it with the command import_file."
            )
            raise TableError(message % {"file": source.name, "limit": f"{MAX_ROWS:,}"})
        trial = try_import(source, sender, Reader.of(self.user))
        may_confirm = bool(trial.report.accepted) and (
            chosen["skips_bad"] or not trial.report.invalid_rows
        )
        self.context |= {
            "trial": trial,
            "names": source.names,
            "rows": [(row, source.cells_of(row), outcome) for row, outcome in trial.rows],
            "proof": proof if may_confirm else "",
        }
        return None

    def _import(
        self,
        source: EventSource,
        opened: Opened,
        answers: Mapping[str, str],
        chosen: Mapping[str, Any],
    ) -> HttpResponse | None:
        sender = sender_for(chosen["sender"], creates_unknown=chosen["creates_unknown"])
        try:
            report = import_file(source, sender, skips_bad=chosen["skips_bad"], by=self.user)
        except (AlreadyImportedError, InvalidRowsError) as error:
            self.context["error"] = str(error)
            return None
        except (OperationalError, InterfaceError) as error:
            message = gettext("%(problem)s Nothing was imported; confirm the import again.")
            self.context["error"] = message % {"problem": describe_error(error)}
            return None
        if chosen["save_as"]:
            save_mapping(chosen["save_as"], opened.key, sender.name, answers, by=self.user)
        uploads.drop(self.token)
        messages.success(self.request, f"{report}.")
        run = ImportRun.objects.get(kind=source.import_kind, digest=source.digest)
        return HttpResponseRedirect(reverse("admin:intake_importrun_change", args=[run.pk]))


def _asked(choices: Any) -> str:
    """Return a mark of the questions, to see whether posted answers are to these."""
    return signature("asked", {one.name: "" for one in choices})
