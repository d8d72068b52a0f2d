"""Find text for people that bypasses gettext, in templates and in Python code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.template.base import Lexer, TokenType

# a line with this comment and a reason is ignored
IGNORE_COMMENT = "# not translated:"
# names that are the same in every language
NAMES = {"Learning KPIs", "API", "CSV", "PDF", "Excel", "NPS", "CSAT", "REST", "Slack"} | set(
    "n p Σy Σx Σy² Σx² Σxy".split()
)
# a tag without an attribute that people read or hear
TAG = re.compile(r"<(?![^<>]*\b(?:alt|title|aria-label|placeholder)=)[^<>]*>")
LETTER = re.compile(r"[^\W\d_]")
# two words, or a word and a value; or a single capitalized word, as in a label
SENTENCE = re.compile(r"[^\W\d_]{2,}[,;:]? (?:& )?\(?(?:…|±|[^\W\d_]+)|…[,;:]? \(?[^\W\d_]{2,}")
LABEL = re.compile(r"^[A-Z](?:[a-z]+|-[a-z]+)$")

# HTTP headers, columns, markup and SQL
MACHINE_TEXT = re.compile(
    r"charset=|filename=|[a-z]_[a-z]|^(?:SELECT|UPDATE|DELETE|INSERT|CREATE) "
)

READABLE_ATTRIBUTES = {"title", "alt", "aria-label", "placeholder", "label"}
MACHINE_ELEMENTS = {"code", "pre", "script", "style", "kbd"}
# filters whose arguments are shown
FILTER_WITH_TEXT = re.compile(r"""\|(?:default|default_if_none|yesno|pluralize):(["'])(.*?)\1""")
ARGUMENT = re.compile(r"""\w+=(["'])(.*?)\1""")

GETTEXT = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy",
    "pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy",
}  # fmt: skip
READABLE_KEYWORDS = {
    "help_text", "label", "description", "empty_label",
    "short_description", "help", "about", "awaits", "title", "name", "message", "error_message",
}  # fmt: skip
READABLE_NAMES = {
    "short_description", "site_header", "site_title", "index_title", "empty_value_display"
}  # fmt: skip
# the names of models are translated by kpisite.i18n.model_names
UNREAD_NAMES = {"__all__", "__slots__", "verbose_name", "verbose_name_plural"}
UNREAD: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Dict: ("keys",),
    ast.Subscript: ("slice",),
    ast.Compare: ("left", "comparators"),
    ast.AnnAssign: ("annotation",),
    ast.arg: ("annotation",),
    ast.MatchValue: ("value",),
}
# text for operators and developers
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
MACHINE_CALLS = {
    *LOGS, "cast", "TypeVar", "ParamSpec", "get_model", "getLogger", "compile", "sub", "execute",
    "filter", "exclude", "values", "annotate", "Index", "UniqueConstraint", "CheckConstraint",
    "ForeignKey", "OneToOneField", "ManyToManyField", "exit", "print", "RunSQL", "RawSQL", "signal",
    "startswith", "endswith", "split", "strftime", "F", "Q", "get", "setdefault", "getattr",
    "filterwarnings", "require_http_methods", "log_unreachable", "enqueue_once", "enqueue_all",
    "namedtuple",
}  # fmt: skip
EXCEPTIONS = {
    "ValueError", "TypeError", "KeyError", "LookupError", "RuntimeError", "AssertionError",
    "NotImplementedError", "AttributeError", "ImproperlyConfigured", "OSError", "CommandError",
    "SystemExit",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {' '.join(self.text.split())[:90]}"


def in_template(path: Path) -> list[Finding]:
    source = path.read_text()
    found = list(_arguments(path, source))
    shown = _untagged(source)
    if path.suffix == ".html":
        reader = _Reader()
        reader.feed(shown)
        found += [Finding(path, line, text) for line, text in reader.found]
    else:
        lines = enumerate(shown.splitlines(), start=1)
        found += [Finding(path, line, text) for line, text in lines if _has_words(text)]
    return found


def _untagged(source: str) -> str:
    """Return the source without tags, variables, comments and translation blocks."""
    kept, is_translated, is_comment = [], False, False
    for token in Lexer(source).tokenize():
        name = token.contents.split(" ")[0] if token.token_type == TokenType.BLOCK else ""
        if name in ("blocktranslate", "blocktrans"):
            is_translated = True
        elif name in ("comment", "endcomment"):
            is_comment = name == "comment"
        is_kept = token.token_type == TokenType.TEXT and not is_translated and not is_comment
        # keep line numbers as they are
        kept.append(token.contents if is_kept else " " + "\n" * token.contents.count("\n"))
        if name in ("endblocktranslate", "endblocktrans"):
            is_translated = False
    return "".join(kept)


def _arguments(path: Path, source: str) -> Iterator[Finding]:
    """Yield words in the arguments of tags and filters."""
    for token in Lexer(source).tokenize():
        if token.token_type not in (TokenType.BLOCK, TokenType.VAR):
            continue
        words = [match[2] for match in FILTER_WITH_TEXT.finditer(token.contents)]
        if token.contents.startswith(("include ", "with ")):
            words += [one[2] for one in ARGUMENT.finditer(token.contents) if " " in one[2]]
        for text in words:
            if _has_words(text):
                yield Finding(path, token.lineno or 0, text)


def _has_words(text: str) -> bool:
    for name in sorted(NAMES, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "", text)
    return bool(LETTER.search(re.sub(r"&\w+;", "", text)))


class _Reader(HTMLParser):
    """Collect the texts and readable attributes of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str]] = []
        self._machine: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in MACHINE_ELEMENTS:
            self._machine.append(tag)
        for name, value in attrs:
            if name in READABLE_ATTRIBUTES and value and _has_words(value):
                self.found.append((self.getpos()[0], value))

    def handle_endtag(self, tag: str) -> None:
        if self._machine and self._machine[-1] == tag:
            self._machine.pop()

    def handle_data(self, data: str) -> None:
        if not self._machine and _has_words(data):
            self.found.append((self.getpos()[0], data))


def in_python(path: Path) -> list[Finding]:
    source = path.read_text()
    lines = source.splitlines()
    tree = ast.parse(source)
    found = {}
    for line, text in _Finder(tree).found():
        if IGNORE_COMMENT not in lines[line - 1]:
            found[line, text] = Finding(path, line, text)
    return list(found.values())


class _Finder:
    """Find the literals of a module that people see but gettext does not translate."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.ignored: set[int] = set()

    def found(self) -> Iterator[tuple[int, str]]:
        self._ignore_unread()
        for node in ast.walk(self.tree):
            yield from self._declared(node)
        for node in ast.walk(self.tree):
            text = _text_of(node)
            if text is None or id(node) in self.ignored:
                continue
            if _is_shown(text):
                self._ignore(node)
                yield node.lineno, text  # type: ignore[attr-defined]
            elif isinstance(node, ast.JoinedStr):
                self.ignored |= {id(one) for one in node.values if isinstance(one, ast.Constant)}

    def _declared(self, node: ast.AST) -> Iterator[tuple[int, str]]:
        """Yield the text of declarations that Django shows, even a single lowercase word."""
        for value in _shown_parts(node):
            text = _text_of(value)
            if text and LETTER.search(text) and text not in NAMES and id(value) not in self.ignored:
                self._ignore(value)
                yield value.lineno, text

    def _ignore_unread(self) -> None:
        """Ignore everything that is translated or that nobody reads."""
        for node in ast.walk(self.tree):
            for part in filter(None, _unread_parts(node)):
                self._ignore(part)

    def _ignore(self, part: ast.AST) -> None:
        self.ignored.update(id(one) for one in ast.walk(part))


def _is_shown(text: str) -> bool:
    text = TAG.sub("", text)
    is_words = SENTENCE.search(text) or LABEL.match(text)
    return bool(is_words) and text not in NAMES and not MACHINE_TEXT.search(text)


def _unread_parts(node: ast.AST) -> Iterable[ast.AST | None]:
    match node:
        case ast.Module() | ast.ClassDef() | ast.FunctionDef():
            first = node.body[0] if node.body else None
            docstring = first if isinstance(first, ast.Expr) else None
            return [docstring, getattr(node, "returns", None)]
        case ast.Call():
            return _unread_arguments(node)
        case ast.Assign():
            return [node.value] if _assigned(node) in UNREAD_NAMES else []
        case ast.keyword():
            return [node.value] if node.arg in UNREAD_NAMES else []
    return [part for field in UNREAD.get(type(node), ()) for part in _listed(getattr(node, field))]


def _listed(part: ast.AST | list[ast.AST] | None) -> list[Any]:
    return part if isinstance(part, list) else [part]


def _unread_arguments(node: ast.Call) -> Sequence[ast.AST]:
    name = _called(node)
    if name in GETTEXT:
        # an f-string is formatted before it could be looked up
        return [one for one in node.args if not isinstance(one, ast.JoinedStr)]
    if name in MACHINE_CALLS:
        keywords = [one.value for one in node.keywords if one.arg not in READABLE_KEYWORDS]
        return [*node.args, *keywords]
    if name in EXCEPTIONS:
        return [node]
    return node.args[:1] if _is_field_of_model(node) else []


def _shown_parts(node: ast.AST) -> Iterable[ast.expr]:
    match node:
        case ast.Call() if _called(node) not in EXCEPTIONS | GETTEXT:
            shown = [one.value for one in node.keywords if one.arg in READABLE_KEYWORDS - {"name"}]
            if _called(node) == "ValidationError" and node.args:
                shown.append(node.args[0])
            return shown
        case ast.Assign() if _assigned(node) in READABLE_NAMES:
            return [node.value]
        case ast.ClassDef() if any(_base(one).endswith("Choices") for one in node.bases):
            pairs = [one.value for one in node.body if isinstance(one, ast.Assign)]
            return [pair.elts[-1] for pair in pairs if isinstance(pair, ast.Tuple)]
    return []


def _is_field_of_model(node: ast.Call) -> bool:
    func = node.func
    of = func.value if isinstance(func, ast.Attribute) else None
    return isinstance(of, ast.Name) and of.id == "models" and _called(node).endswith("Field")


def _called(node: ast.Call) -> str:
    return _base(node.func)


def _base(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _assigned(node: ast.Assign) -> str:
    return _base(node.targets[0])


def _text_of(node: ast.AST) -> str | None:
    """Return the text of a literal with … for each value in it; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "…" for one in node.values)
        return "".join(str(part) for part in parts)
    return None
