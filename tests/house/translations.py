"""Is every sentence of the interface there in English too? `python -m tests.house.translations` tells which are missing."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "_l": None, "N_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}


def sentences() -> set[str]:
    """Every message id in code and templates of the three packages."""
    found: set[str] = set()
    for package in ("lms", "courses", "quizzes"):
        for _file, _line, message, _comments, _context in extract_from_dir(ROOT / package, METHODS, keywords=KEYWORDS):
            found.update([message] if isinstance(message, str) else message)
    return found


def english() -> dict[str, str]:
    with (ROOT / "lms/translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        entries = [entry for entry in read_po(file, locale="en") if entry.id and entry.string and not entry.fuzzy]
    texts: dict[str, str] = {}
    for entry in entries:
        forms = zip(entry.id, entry.string, strict=True) if isinstance(entry.id, tuple) else [(entry.id, entry.string)]
        texts.update((str(vietnamese), str(translated)) for vietnamese, translated in forms)
    return texts


def missing() -> list[str]:
    return sorted(sentences() - set(english()))


if __name__ == "__main__":
    lacking = missing()
    for sentence in lacking:
        sys.stdout.write(f"no English for: {sentence}\n")
    sys.exit(bool(lacking))
