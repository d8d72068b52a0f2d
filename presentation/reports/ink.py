"""The page of a PDF report: A4, the colors of the light theme, footers with page numbers."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from core import localized, pdf_fonts
from core.pdf_fonts import FONT, composed

Color = tuple[int, int, int]
INK, MUTED, LINE, GRID = (23, 28, 38), (86, 96, 115), (196, 202, 214), (230, 233, 239)
ACCENT, SUNKEN, WHITE = (43, 79, 199), (238, 240, 245), (255, 255, 255)
TONES: Mapping[str, Color] = {"good": (11, 107, 69), "bad": (168, 38, 29), "warn": (122, 77, 0)}
SERIES: tuple[Color, ...] = ((43, 95, 208), (168, 83, 10), (10, 122, 112), (138, 58, 176))
MARGIN = 15.0


def tone_of(is_good: bool | None) -> Color:
    return MUTED if is_good is None else TONES["good" if is_good else "bad"]


class Paper(FPDF):
    """An A4 file in the active language; `foot` stands at the foot of each page."""

    def __init__(self, title: str, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        pdf_fonts.add_to(self)
        self.set_lang(localized.language())
        self.set_title(title)
        self.set_creator("Learning KPIs")
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + 5)
        self.page_of_pages = gettext("Page %(page)s of %(pages)s")
        self.add_page()

    def footer(self) -> None:
        self.set_y(-MARGIN)
        self.pen(7, color=MUTED)
        numbers = self.page_of_pages % {"page": self.page_no(), "pages": "{nb}"}
        self.cell(self.epw - 40, 5, self.foot)
        self.cell(40, 5, numbers, align=Align.R)

    def pen(self, size: float, style: str = "", color: Color = INK) -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*color)

    def say(
        self,
        text: str,
        size: float = 9,
        style: str = "",
        *,
        color: Color = INK,
        space: float = 1.5,
        indent: float = 0,
    ) -> None:
        """Write a paragraph, and leave some millimeters below it."""
        self.pen(size, style, color)
        self.set_x(self.l_margin + indent)
        height = size * 0.48
        self.multi_cell(
            self.epw - indent,
            height,
            composed(text),
            align=Align.L,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.ln(space)

    @property
    def is_across(self) -> bool:
        return self.w > self.h

    @property
    def room(self) -> float:
        """The millimeters left on the page."""
        return float(self.page_break_trigger - self.get_y())

    def keep_together(self, height: float) -> None:
        """Begin a new page unless so many millimeters are left."""
        if self.room < height:
            self.add_page(same=True)
