"""Who issues a report: frozen with the report's settings, so that the same report is for ever printed under the same name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lms.reports.documents.pieces import Form, Letterhead
from lms.reports.rules.body import AgencyBody

BLANK = "        "  # room for what the clerk writes (no-break spaces, so that it stays on its line)
LETTERHEAD = "letterhead"  # in `ReportHead.settings`: texts by these names, each may be left out
ABOVE, ISSUER, SYMBOL, PLACE, SIGNER, RECIPIENTS = (
    "issuer_above",
    "issuer",
    "issuer_symbol",
    "issuer_place",
    "issuer_signer",
    "issuer_recipients",
)


def frozen_letterhead(settings: Any) -> dict[str, str]:
    """What of a deployment's settings is frozen with a report: `ReportHead.settings[LETTERHEAD]`."""
    given = {
        ABOVE: settings.report_issuer_above,
        ISSUER: settings.report_issuer,
        SYMBOL: settings.report_symbol,
        PLACE: settings.report_place,
        SIGNER: settings.report_signer,
        RECIPIENTS: settings.report_recipients,
    }
    return {name: value for name, value in given.items() if value}


def letterhead(body: AgencyBody, form: Form) -> Letterhead:
    """The issuer of a document: the department, or the agency itself where it reports on itself to the one above."""
    given = body.report.settings.get(LETTERHEAD)
    settings: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    own = form is Form.REPORT and bool(body.agency.path)
    if own:
        above, issuer, symbol, signer = body.agency.path[-1].name, body.agency.name, "", ""
    else:
        root = body.agency.path[0].name if body.agency.path else body.agency.name
        above, issuer = _text(settings, ABOVE, root), _text(settings, ISSUER, "")
        symbol, signer = _text(settings, SYMBOL, ""), _text(settings, SIGNER, "")
        if not issuer:
            above, issuer = "", above
    kind = "BC" if form is Form.REPORT else "TB"
    return Letterhead(
        above=above,
        issuer=issuer,
        number=f"Số:{BLANK}/{kind}-{symbol or '……'}",
        place=f"{_text(settings, PLACE, '………')}, ngày{BLANK}tháng{BLANK}năm{BLANK}",
        signer=signer or "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ",
        recipients=_recipients(body, form, settings, own=own),
    )


def _recipients(body: AgencyBody, form: Form, settings: Mapping[str, Any], *, own: bool) -> tuple[str, ...]:
    first = ("Như trên",) if form is Form.REPORT else (body.agency.name,)
    others = () if own else tuple(part.strip() for part in _text(settings, RECIPIENTS, "").split(";") if part.strip())
    listed = [*(f"- {name};" for name in (*first, *others)), "- Lưu: VT."]
    return tuple(listed)


def _text(settings: Mapping[str, Any], name: str, default: str) -> str:
    value = settings.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else default
