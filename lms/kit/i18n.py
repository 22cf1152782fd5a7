"""The reader's language and display preferences; translation at the edge. Vietnamese sentences are the message ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request
from flask_babel import Babel, Domain, get_locale, gettext

from lms.config import Settings
from lms.kit import formats
from lms.kit.clock import ROMAN, Quarter
from lms.kit.errors import DomainError

COOKIE = "lms_display"
LOCALES = ("vi", "en")
TEXT_SIZES = (100, 125, 150, 200)
CONTRASTS = ("normal", "high", "grey")


@dataclass(frozen=True, slots=True)
class Preferences:
    """How this reader wants pages: language, text size in per cent, contrast."""

    locale: str = "vi"
    text_size: int = 100
    contrast: str = "normal"

    @classmethod
    def parse(cls, cookie: str, default_locale: str) -> Preferences:
        """Read the cookie `vi.100.normal`; anything else gives the defaults, part by part."""
        parts = [*cookie.split("."), "", "", ""]
        return cls(
            locale=parts[0] if parts[0] in LOCALES else default_locale,
            text_size=int(parts[1]) if parts[1] in map(str, TEXT_SIZES) else 100,
            contrast=parts[2] if parts[2] in CONTRASTS else "normal",
        )

    def __str__(self) -> str:
        return f"{self.locale}.{self.text_size}.{self.contrast}"


def preferences() -> Preferences:
    if "preferences" not in g:
        settings: Settings = current_app.extensions["lms.settings"]
        g.preferences = Preferences.parse(request.cookies.get(COOKIE, "") if request else "", settings.locale)
    return g.preferences  # type: ignore[no-any-return]


def translated(error: DomainError) -> str:
    """A refusal's sentence in the reader's language."""
    return str(gettext(error.message, **error.values))


def in_locale(texts: dict[str, str]) -> str:
    """Choose from an authored {vi, en} pair; Vietnamese where there is no English."""
    return texts.get(preferences().locale) or texts["vi"]


def quarter_label(quarter: Quarter | str) -> str:
    """`Quý IV/2026` in the reader's language; the quarter may be written, `2026-Q4`."""
    quarter = Quarter.parse(quarter) if isinstance(quarter, str) else quarter
    return str(gettext("Quý %(number)s/%(year)s", number=ROMAN[quarter.number - 1], year=quarter.year))


class _Texts(Domain):  # type: ignore[misc]  # the library has no types
    """Finds the catalogue of the reader's language by the language alone: a page asks some fifty times."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, Any] = {}

    def get_translations(self) -> Any:
        locale = get_locale()
        if locale is None:
            return super().get_translations()
        kept = self._kept.get(locale.language)
        if kept is None:
            kept = self._kept[locale.language] = super().get_translations()
        return kept


class _Babel(Babel):  # type: ignore[misc]
    domain_instance = _Texts()


def init_i18n(app: Flask, settings: Settings) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "vi"
    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.timezone
    texts = _Babel(app, locale_selector=lambda: preferences().locale).domain_instance
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: texts.get_translations().ugettext(text),
        ngettext=lambda one, many, count: texts.get_translations().ungettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.filters.update(
        number=lambda value, places=None: formats.number(value, preferences().locale, places),
        date=formats.short_date,
        exact_datetime=lambda moment: formats.exact_datetime(moment, settings.zone),
        datetime=lambda moment: formats.short_datetime(moment, settings.zone),
        time=lambda moment: formats.short_time(moment, settings.zone),
        localized=in_locale,
        quarter=quarter_label,
    )
    app.jinja_env.globals.update(share=lambda a, b: formats.share(a, b, preferences().locale))
