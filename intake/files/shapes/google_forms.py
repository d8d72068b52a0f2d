"""The answers of a Google form, as its sheet or CSV has them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from intake.files.records import Header, plain
from intake.files.shapes.surveys import Survey


class GoogleForms(Survey):
    key = "google-forms"
    title = gettext_lazy("Google Forms responses")
    # as Google names it in the language of the form
    at = (
        "Timestamp", "Zeitstempel", "Horodateur", "Marca temporal", "Carimbo de data/hora",
        "Informazioni cronologiche", "Tijdstempel", "Sygnatura czasowa", "Tidsstämpel",
        "Tidsstempel", "Отметка времени", "Zaman damgası", "タイムスタンプ", "타임스탬프",
        "时间戳记",
    )  # fmt: skip
    own = ("Score",)
    people = (
        "Email Address", "Username", "Email", "E-Mail-Adresse", "Nutzername", "Adresse e-mail",
        "Dirección de correo electrónico", "Endereço de e-mail", "Indirizzo email", "E-mailadres",
        "Adres e-mail", "メールアドレス",
    )  # fmt: skip
    signature = (at,)

    def matches(self, header: Header) -> bool:
        # many tables have a column of this name: here it is the first
        return len(header.names) > 1 and plain(header.names[0]) in {plain(one) for one in self.at}
