"""The indicators of the IOC feed: their codes, names, units and formulas, and the records of a publication. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lms.reports.feeds.publication import PublicAgency, Publication

APPROVED = "da_phe_duyet"
WITHDRAWN = "da_thu_hoi"

Parts = tuple[int | None, int | None, int | Decimal | None]
"""Numerator, denominator, value."""


@dataclass(frozen=True, slots=True)
class Indicator:
    code: str
    name: str
    unit: str
    formula: str
    of: Callable[[PublicAgency], Parts]


INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "DTBD.01",
        "Số người thuộc diện kiểm tra quý",
        "người",
        "số người trong danh sách chốt, không kể người được miễn, hoãn",
        lambda agency: (None, None, agency.expected),
    ),
    Indicator(
        "DTBD.02",
        "Tỷ lệ tham gia kiểm tra quý",
        "%",
        "số người tham gia ÷ số người thuộc diện",
        lambda agency: (agency.took_part, agency.expected if agency.took_part is not None else None, agency.participation),
    ),
    Indicator(
        "DTBD.03",
        "Tỷ lệ đạt kiểm tra quý",
        "%",
        "số người đạt ÷ số người tham gia (hoặc ÷ số người thuộc diện, theo cấu hình ghi trong báo cáo)",
        lambda agency: (agency.passed, agency.pass_of, agency.pass_rate),
    ),
    Indicator(
        "DTBD.04",
        "Điểm trung bình kiểm tra quý",
        "điểm",
        "tổng điểm của người tham gia ÷ số người tham gia, thang 100",
        lambda agency: (None, agency.took_part if agency.mean_score is not None else None, agency.mean_score),
    ),
    Indicator(
        "DTBD.05",
        "Số người chưa tham gia kiểm tra quý",
        "người",
        "số người thuộc diện − số người tham gia",
        lambda agency: (None, None, agency.counts["missing"]),
    ),
)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """2026-11-22 08:30:15, the province's time."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def code_list() -> list[dict[str, str]]:
    return [{"ma_chi_tieu": one.code, "ten": one.name, "don_vi_tinh": one.unit, "cong_thuc": one.formula} for one in INDICATORS]


def records(publication: Publication, agencies: tuple[PublicAgency, ...], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """One record an indicator and agency. What is withheld is null and says so."""
    at = local(publication.published_at, zone)
    for agency in agencies:
        for indicator in INDICATORS:
            part, whole, value = indicator.of(agency)
            yield {
                "ma_chi_tieu": indicator.code,
                "ten": indicator.name,
                "ma_don_vi": agency.code,
                "ma_dvhc": agency.unit_code,
                "ky": publication.period,
                "tu_so": part,
                "mau_so": whole,
                "gia_tri": float(value) if isinstance(value, Decimal) else value,
                "don_vi_tinh": indicator.unit,
                "thoi_diem": at,
                "trang_thai": APPROVED,
                "phien_ban": publication.revision,
                "ghi_chu": _note(agency, value),
            }


def _note(agency: PublicAgency, value: object) -> str | None:
    if value is not None:
        return None
    return "an_so_lieu" if agency.is_withheld or agency.is_partly_withheld else "khong_co_mau_so"
