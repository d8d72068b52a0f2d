"""Write a certificate as a PDF file with the fonts of the product."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from core import localized, pdf_fonts
from core.pdf_fonts import FONT, composed
from learners.certificates.certified import Certified

ACCENT, INK, MUTED = (43, 79, 199), (23, 28, 38), (86, 96, 115)


def certificate_pdf(one: Certified) -> bytes:
    """Write a page of A4 in the active language."""
    pdf = FPDF(orientation="landscape", format="A4")
    pdf.set_auto_page_break(auto=False)
    pdf_fonts.add_to(pdf)
    pdf.set_lang(localized.language())
    pdf.set_title(f"{gettext('Certificate')}: {one.course}")
    pdf.set_creator("Learning KPIs")
    pdf.add_page()
    pdf.set_draw_color(*ACCENT)
    pdf.set_line_width(0.8)
    pdf.rect(10, 10, pdf.w - 20, pdf.h - 20)
    pdf.set_y(34)
    _line(pdf, gettext("Certificate"), 34, "B", color=ACCENT, space=14)
    _line(pdf, one.name, 26, "B", space=8)
    _line(pdf, gettext("has completed the course"), 13, color=MUTED, space=6)
    _line(pdf, one.course, 22, "B", space=12)
    _line(pdf, gettext("Earned on %(day)s") % {"day": localized.long_day(one.earned_on)}, 13)
    if expires_on := one.certificate.expires_on:
        _line(pdf, gettext("Valid until %(day)s") % {"day": localized.long_day(expires_on)}, 13)
    if number := one.certificate.number:
        _line(pdf, gettext("Number %(number)s") % {"number": number}, 13)
    pdf.set_y(pdf.h - 36)
    link = settings.KPI_BASE_URL + one.path
    _line(pdf, gettext("Anybody can verify it here:"), 10, color=MUTED, space=1)
    _line(pdf, link, 10, color=ACCENT, link=link)
    return bytes(pdf.output())


def _line(
    pdf: FPDF,
    text: str,
    size: int,
    style: str = "",
    *,
    color: tuple[int, int, int] = INK,
    space: float = 3,
    link: str = "",
) -> None:
    """Write a centered paragraph, and leave some millimeters below it."""
    pdf.set_font(FONT, style, size)
    pdf.set_text_color(*color)
    pdf.set_x(25)
    below: dict[str, Any] = {"new_x": XPos.LMARGIN, "new_y": YPos.NEXT}
    pdf.multi_cell(pdf.w - 50, size * 0.5, composed(text), align=Align.C, link=link, **below)
    pdf.ln(space)
