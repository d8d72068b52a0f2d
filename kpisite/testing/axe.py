"""Find what hinders people on a page, in both themes and on a phone, with one visit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# colors are all that differs between the themes
COLORS_ONLY = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
ALL = {"rules": {"target-size": {"enabled": True}}}
# switch without waiting for anything to fade
SET_DARK = """isDark => {
    for (const link of document.querySelectorAll("link[data-dark-theme]"))
        link.media = isDark ? "screen" : "not all";
}"""


def complaints(page: Page, url: str) -> Iterator[str]:
    """Open a page, whose context should ask for reduced motion, and yield each rule it breaks."""
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.goto(url, wait_until="load")
    page.evaluate(SET_DARK, False)
    yield from _broken(page, "light", ALL)
    page.evaluate(SET_DARK, True)
    yield from _broken(page, "dark", COLORS_ONLY)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.evaluate(SET_DARK, False)
    yield from _broken(page, "phone", ALL)


def _broken(page: Page, what: str, options: dict[str, Any]) -> Iterator[str]:
    for one in Axe().run(page, options=options).response["violations"]:
        places = ", ".join(node["target"][0] for node in one["nodes"][:3])
        yield f"{page.url} ({what}): {one['id']}: {places}"
