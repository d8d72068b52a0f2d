"""The answers of a Microsoft form, as its workbook has them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from intake.files.shapes.surveys import Survey


class MicrosoftForms(Survey):
    key = "microsoft-forms"
    title = gettext_lazy("Microsoft Forms responses")
    # as Microsoft names them in the language of the form
    at = (
        "Completion time", "Fertigstellungszeit", "Abschlusszeit", "Heure de fin",
        "Hora de finalización", "Ora di completamento", "Tijd van voltooien", "Hora de conclusão",
    )  # fmt: skip
    response = ("ID",)
    started = (
        "Start time", "Startzeit", "Heure de début", "Hora de inicio", "Ora di inizio",
        "Begintijd", "Hora de início",
    )  # fmt: skip
    own = (
        *started, "Last modified time", "Language", "Total points", "Quiz feedback",
        "Uhrzeit der letzten Änderung", "Heure de la dernière modification",
        "Hora de la última modificación",
    )  # fmt: skip
    people = ("Email", "Name", "E-Mail", "Adresse de messagerie", "Correo electrónico", "Nom",
              "Nombre", "Posta elettronica", "Nome", "E-mail", "Naam")  # fmt: skip
    signature = (("ID",), started, at)
