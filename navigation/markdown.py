"""Render the product's own Markdown documents as parts of pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# html=False: what looks like HTML is shown as text
PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
NO_ID = re.compile(r"[^\w\- ]")

# turns the target of a link into an address; None: it leads nowhere in the product
Resolve = Callable[[str], str | None]


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Document:
    """`html` is the text below the title."""

    title: str
    headings: Sequence[Heading]
    html: SafeString


def render(text: str, resolve: Resolve) -> Document:
    """Render a document, whose first heading is its title."""
    tokens = PARSER.parse(text)
    headings = [
        _with_anchor(token, tokens[at + 1])
        for at, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    title = headings[0].text if headings else ""
    body = tokens[3:] if headings and tokens[0].type == "heading_open" else tokens
    _follow_links(body, resolve)
    html = PARSER.renderer.render(_with_scrolling(body), PARSER.options, {})
    return Document(title, headings[1:], mark_safe(html))  # noqa: S308 - rendered without HTML


def inline(text: str) -> SafeString:
    """Render a sentence, such as one with `code`."""
    html: str = PARSER.renderInline(text)
    return mark_safe(html)  # noqa: S308 - rendered without HTML


def anchor_of(text: str) -> str:
    """Return the id of a heading, as GitHub makes it, so that the documents' links fit."""
    return NO_ID.sub("", text.lower()).replace(" ", "-")


def _with_anchor(opening: Token, inline: Token) -> Heading:
    text = "".join(one.content for one in inline.children or ())
    anchor = anchor_of(text)
    opening.attrSet("id", anchor)
    return Heading(int(opening.tag[1:]), text, anchor)


def _follow_links(tokens: Sequence[Token], resolve: Resolve) -> None:
    for token in tokens:
        last = "a"
        for one in token.children or ():
            if one.type == "link_open":
                address = resolve(str(one.attrGet("href")))
                last = one.tag = "a" if address else "span"
                one.attrs = {"href": address} if address else {}
            elif one.type == "link_close":
                one.tag = last


def _with_scrolling(tokens: Sequence[Token]) -> list[Token]:
    """Let wide tables and code scroll by themselves, by keyboard, too."""
    found = []
    for token in tokens:
        if token.type == "table_open":
            found.append(Token("html_block", "", 0, content='<div class="scroll" tabindex="0">\n'))
        if token.type in {"fence", "code_block"}:
            token.attrSet("tabindex", "0")
        found.append(token)
        if token.type == "table_close":
            found.append(Token("html_block", "", 0, content="</div>\n"))
    return found
