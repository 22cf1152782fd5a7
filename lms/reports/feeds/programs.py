"""A publication as JSON, CSV, IOC records and Atom, whole or one agency's; and what stands there once it is withdrawn. Pure."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

from lms.kit.formats import number, share
from lms.kit.sheets.writer import csv_text
from lms.reports.feeds.indicators import APPROVED, WITHDRAWN, code_list, local, records
from lms.reports.feeds.publication import Counts, PublicAgency, Publication, PublicComparison, Tombstone
from lms.results.rules import Figures

CSV_COLUMNS = (
    "ma_don_vi",
    "ten_don_vi",
    "ma_don_vi_chu_quan",
    "ky",
    "thuoc_dien",
    "tham_gia",
    "ty_le_tham_gia",
    "dat",
    "ty_le_dat",
    "diem_tb",
    "an_so_lieu",
    "phien_ban",
)
# After those that were there first: bands, times, the administrative unit, the quarter before; then a block for each position group.
BANDS: Mapping[str, str] = {"gioi": "good", "kha": "fair", "trung_binh": "average", "yeu": "weak"}
LENSES: Mapping[str, str] = {"theo_bao_cao": "as_reported", "theo_co_cau_nay": "restated", "cung_nguoi": "same_people"}
PARTS: Mapping[str, str] = {"ket_qua": "performance", "thanh_phan": "composition", "co_cau": "structure"}
COMPARED_COLUMNS = ("thuoc_dien", "tham_gia", "dat")
GROUP_COLUMNS = ("thuoc_dien", "tham_gia", "dat", "diem_tb")
MORE_COLUMNS = (
    *BANDS,
    "so_luot",
    "ma_dvhc",
    "ky_truoc",
    *(f"{lens}_{when}_{name}" for lens in LENSES for when in ("truoc", "sau") for name in COMPARED_COLUMNS),
    *(f"phan_ra_{part}" for part in (*PARTS, "tong")),
)
BYTE_ORDER_MARK = "\ufeff"  # makes old Excel read UTF-8
ATOM = "http://www.w3.org/2005/Atom"
WITHHELD = "số người quá ít, hoặc để không suy ra được số liệu của đơn vị như vậy"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def chosen(publication: Publication, code: str | None) -> tuple[PublicAgency, ...]:
    """All agencies, or the one."""
    return publication.agencies if code is None else (publication.by_code[code],)


def as_json(publication: Publication, code: str | None, zone: ZoneInfo) -> str:
    """The published result; a withheld agency says so and shows no figure."""
    body = {
        "ky": publication.period,
        "ten": publication.title,
        "phien_ban": publication.revision,
        "trang_thai": APPROVED,
        "thoi_diem": local(publication.published_at, zone),
        "sha256": publication.sha256,
        "don_vi_tinh": "người",
        "nguong_an_so_lieu": publication.smallest,
        "ly_do_an_so_lieu": WITHHELD,
        "dinh_chinh": None
        if publication.corrects is None
        else {
            "thay_phien_ban": publication.corrects,
            "ly_do": publication.because,
            "thay_doi": [_change(agency) for agency in chosen(publication, code) if agency.changes],
        },
    }
    if code is None:
        return _json({**body, "don_vi": [details(agency) for agency in publication.agencies]})
    below = [details(child) for child in publication.children(code)]
    return _json({**body, "don_vi": details(publication.by_code[code]), "don_vi_truc_thuoc": below})


def as_csv(publication: Publication, code: str | None, _zone: ZoneInfo) -> str:
    """Header and lines; a withheld figure is an empty cell, and no cell can be taken for a formula. An agency's own has the agencies
    right below it as well."""
    agencies = publication.agencies if code is None else publication.subtree(code)
    more = {"ky": publication.period, "phien_ban": publication.revision}
    groups = sorted({group for agency in publication.agencies for group in agency.groups})
    columns = (*CSV_COLUMNS, *MORE_COLUMNS, *(f"{group}_{name}" for group in groups for name in GROUP_COLUMNS))
    rows = [{**line(agency), **more, **_flat(agency)} for agency in agencies]
    return _csv(columns, ([_cell(row.get(column)) for column in columns] for row in rows))


def as_ioc(publication: Publication, code: str | None, zone: ZoneInfo) -> str:
    """Records of indicators (DTBD.01 …) in the field style of the provincial data standard."""
    found = list(records(publication, chosen(publication, code), zone))
    head = {"ky": publication.period, "phien_ban": publication.revision, "trang_thai": APPROVED, "so_ban_ghi": len(found)}
    return _json({**head, "chi_tieu": code_list(), "du_lieu": found})


def as_atom(publication: Publication, code: str | None, zone: ZoneInfo) -> str:
    """An entry that it was published, and one for each agency whose figures it corrects."""
    quarter = publication.quarter
    at = publication.published_at
    whose = "" if code is None else f" – {publication.by_code[code].name}"
    page = page_address(publication.base_url, quarter, code)
    feed = feed_element(f"Kết quả kiểm tra {quarter.label}{whose}", _name("feed", quarter, code), f"{page.rstrip('/')}.atom", at)
    agencies = publication.tops if code is None else chosen(publication, code)
    said = "; ".join(f"{agency.name}: {sentence(agency)}" for agency in agencies)
    title = f"Công bố kết quả kiểm tra {quarter.label}{whose}"
    if publication.corrects is not None:
        title = f"Đính chính kết quả kiểm tra {quarter.label}{whose} (bản thứ {publication.revision})"
        said = f"Thay bản thứ {publication.corrects}. Lý do: {publication.because or '—'}. {said}"
    add_entry(feed, title, f"urn:uuid:{publication.report_id}" + (f"#{code}" if code else ""), page, at=at, summary=said)
    for agency in chosen(publication, code) if publication.corrects is not None else ():
        if agency.changes:
            address = page_address(publication.base_url, quarter, agency.code)
            name = f"urn:uuid:{publication.report_id}#dinh-chinh-{agency.code}"
            changes = "; ".join(f"{FIGURE_WORDS[one.figure]}: {one.before} → {one.after}" for one in agency.changes)
            add_entry(feed, f"Đính chính số liệu của {agency.name}", name, address, at=at, summary=changes)
    return xml_text(feed)


def gone_json(stone: Tombstone, zone: ZoneInfo) -> str:
    return _json(_gone(stone, zone))


def gone_csv(stone: Tombstone, zone: ZoneInfo) -> str:
    told = _gone(stone, zone)
    return _csv(tuple(told), [[_cell(value) for value in told.values()]])


def gone_atom(stone: Tombstone, _zone: ZoneInfo) -> str:
    title = f"Gỡ kết quả kiểm tra {stone.quarter.label}"
    page = page_address(stone.base_url, stone.quarter, None)
    feed = feed_element(title, _name("feed", stone.quarter, None), f"{page.rstrip('/')}.atom", stone.withdrawn_at)
    add_entry(feed, title, f"urn:uuid:{stone.report_id}#go", page, at=stone.withdrawn_at, summary=f"Lý do: {stone.because}")
    return xml_text(feed)


FIGURE_WORDS: Mapping[str, str] = {"expected": "Thuộc diện", "took_part": "Tham gia", "passed": "Đạt"}


def line(agency: PublicAgency) -> dict[str, Any]:
    """An agency as a row of JSON and CSV."""
    return {
        "ma_don_vi": agency.code,
        "ten_don_vi": agency.name,
        "ma_don_vi_chu_quan": agency.parent_code,
        "thuoc_dien": agency.expected,
        "tham_gia": agency.took_part,
        "ty_le_tham_gia": _float(agency.participation),
        "dat": agency.passed,
        "ty_le_dat": _float(agency.pass_rate),
        "diem_tb": _float(agency.mean_score),
        "an_so_lieu": agency.is_withheld or agency.is_partly_withheld,
    }


def details(agency: PublicAgency) -> dict[str, Any]:
    """A row with what the public may see besides: bands, position groups, and the quarter before. None where it is withheld."""
    counts = agency.counts
    return {
        **line(agency),
        "ma_dvhc": agency.unit_code,
        "xep_loai": None if counts["good"] is None else {name: counts[key] for name, key in BANDS.items()},
        "so_luot": counts["attempts"],
        "nhom_doi_tuong": {group: _group(of_group) for group, of_group in agency.groups.items()} or None,
        "so_voi_ky_truoc": _compared(agency.comparison),
    }


def _group(counts: Counts) -> dict[str, Any]:
    took_part, scores = counts["took_part"], counts["score_hundredths"]
    mean = Figures(took_part=took_part, score_hundredths=scores).mean_score if took_part and scores is not None else None
    return {"thuoc_dien": counts["expected"], "tham_gia": took_part, "dat": counts["passed"], "diem_tb": _float(mean)}


def _compared(comparison: PublicComparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    lenses = {name: comparison.lenses.get(key) for name, key in LENSES.items()}
    shown = {name: None if lens is None else {"truoc": _tally(lens[0]), "sau": _tally(lens[1])} for name, lens in lenses.items()}
    split = comparison.split
    parts = None if split is None else {**{name: split[key] / 100 for name, key in PARTS.items()}, "tong": sum(split.values()) / 100}
    return {"ky": comparison.period, **shown, "phan_ra_ty_le_dat": parts}


def _tally(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[key] for name, key in zip(COMPARED_COLUMNS, ("expected", "took_part", "passed"), strict=True)}


def _flat(agency: PublicAgency) -> dict[str, Any]:
    """The same as cells of one row."""
    found = details(agency)
    row = {**(found["xep_loai"] or {}), "so_luot": found["so_luot"], "ma_dvhc": found["ma_dvhc"]}
    for group, counts in (found["nhom_doi_tuong"] or {}).items():
        row |= {f"{group}_{name}": value for name, value in counts.items()}
    if compared := found["so_voi_ky_truoc"]:
        row["ky_truoc"] = compared["ky"]
        for lens in LENSES:
            for when, counts in (compared[lens] or {}).items():
                row |= {f"{lens}_{when}_{name}": value for name, value in counts.items()}
        row |= {f"phan_ra_{part}": value for part, value in (compared["phan_ra_ty_le_dat"] or {}).items()}
    return row


def sentence(agency: PublicAgency) -> str:
    """18/20 người tham gia (90%), 15/18 người đạt (83,3%)."""
    if agency.took_part is None or agency.expected is None:
        return f"không nêu số liệu ({WITHHELD})"
    said = f"{number(agency.took_part)}/{number(agency.expected)} người tham gia ({share(agency.took_part, agency.expected)})"
    if agency.passed is None or agency.pass_of is None:
        return said
    return f"{said}, {number(agency.passed)}/{number(agency.pass_of)} người đạt ({share(agency.passed, agency.pass_of)})"


def page_address(base_url: str, quarter: object, code: str | None) -> str:
    return f"{base_url}/public/{quarter}/{code or ''}"


def feed_element(title: str, name: str, address: str, updated: datetime) -> Element:
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": "vi"})
    _text(feed, "title", title)
    _text(feed, "id", name)
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": address})
    _text(feed, "updated", _rfc3339(updated))
    author = SubElement(feed, "author")
    _text(author, "name", "Công vụ LMS")
    return feed


def add_entry(feed: Element, title: str, name: str, address: str, *, at: datetime, summary: str) -> None:
    entry = SubElement(feed, "entry")
    _text(entry, "title", title)
    _text(entry, "id", name)
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
    _text(entry, "updated", _rfc3339(at))
    _text(entry, "summary", summary)


def xml_text(feed: Element) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, encoding="unicode")


def _name(kind: str, quarter: object, code: str | None) -> str:
    return f"urn:congvu-lms:{kind}:{quarter}" + (f":{code}" if code else "")


def _gone(stone: Tombstone, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "ky": stone.period,
        "phien_ban": stone.revision,
        "trang_thai": WITHDRAWN,
        "thoi_diem": local(stone.withdrawn_at, zone),
        "ly_do": stone.because,
    }


def _change(agency: PublicAgency) -> dict[str, Any]:
    names = {"expected": "thuoc_dien", "took_part": "tham_gia", "passed": "dat"}
    changes = {names[one.figure]: {"truoc": one.before, "sau": one.after} for one in agency.changes}
    return {"ma_don_vi": agency.code, "ten_don_vi": agency.name, "so_lieu": changes}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _csv(columns: tuple[str, ...], rows: Iterator[list[str]] | list[list[str]]) -> str:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return BYTE_ORDER_MARK + text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return csv_text("" if value is None else str(value))


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _rfc3339(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = _NOT_XML.sub("", text)
