"""Go through the import wizard as staff do: upload, answer, preview, confirm."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

IMPORT = "/admin/intake/event/import/"


def messages_of(answer: Any) -> str:
    return " ".join(map(str, get_messages(answer.wsgi_request)))


class Wizard:
    """The pages about one file; `page` is the last answer."""

    def __init__(
        self, client: Client, content: bytes | str, name: str = "events.csv", **fields: str
    ) -> None:
        raw = content.encode() if isinstance(content, str) else content
        file = SimpleUploadedFile(name, raw)
        self.client = client
        self.page: Any = client.post(f"{IMPORT}?{urlencode(fields)}", {"file": file, **fields})
        self.url = self.page.headers.get("Location", "")
        if self.url:
            self.page = client.get(self.url)
        self.answers: dict[str, str] = {}
        self.options: dict[str, str] = {}
        self.data: dict[str, str] = {}

    @property
    def text(self) -> str:
        return str(self.page.content.decode())

    @property
    def messages(self) -> str:
        return messages_of(self.page)

    @property
    def trial(self) -> Any:
        return self.page.context["trial"]

    def preview(self, *choices: str, **options: str) -> Wizard:
        """Answer the questions named; the others keep what the page proposes."""
        self.answers |= dict(one.rpartition("=")[::2] for one in choices)
        self.options |= options
        if self.page.context.get("form") and "kind" in self.answers:
            # the kind decides about the other questions
            self._post("_read")
        return self._post("_preview")

    def confirm(self, **changed: str) -> Wizard:
        self.options |= changed
        return self._post("_import")

    def _post(self, button: str) -> Wizard:
        context: Any = self.page.context
        if context is None:
            # the same request again, after the answer has led elsewhere
            self.page = self.client.post(self.url, self.data)
            return self
        data = {"asked": context["asked"], button: "1", "proof": context.get("proof", "")}
        for at, choice in enumerate(context["form"].choices):
            field = context["form"].fields[str(at)]
            data[f"choice-{at}"] = self.answers.get(choice.name, field.initial or "")
        data |= {"sender": context["options"]["sender"].value() or "", **self.options}
        reading = context["reading"]
        data |= {name: reading[name].value() or "" for name in reading.fields} | self.options
        self.data = data
        self.page = self.client.post(self.url, data)
        return self


def upload_events(
    client: Client, *lines: str, kind: str = "content.viewed", **options: str
) -> Wizard:
    """Upload a file of events of a kind, and preview it."""
    wizard = Wizard(client, "\n".join(lines), kind=kind)
    return wizard.preview(**{"sender": "lms", **options}) if wizard.url else wizard
