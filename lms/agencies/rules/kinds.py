"""What agencies may be: kind, block (khối, in which agencies are compared) and level; and what may happen to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from lms.kit.errors import N_
from lms.kit.vietnamese import fold


class AgencyKind(StrEnum):
    PROVINCE = "province"
    DEPARTMENT = "department"
    COMMUNE = "commune"
    DISTRICT = "district"
    DIVISION = "division"
    SCHOOL = "school"
    SERVICE_UNIT = "service_unit"
    PARTY = "party"
    UNION = "union"
    OTHER = "other"


class Block(StrEnum):
    SO_NGANH = "so_nganh"
    XA_PHUONG = "xa_phuong"
    TRUONG_HOC = "truong_hoc"
    SU_NGHIEP = "su_nghiep"
    DANG_DOAN_THE = "dang_doan_the"
    KHAC = "khac"


class Level(StrEnum):
    TINH = "tinh"
    HUYEN = "huyen"  # until 30/06/2025
    XA = "xa"


class EventKind(StrEnum):
    ESTABLISH = "establish"
    RENAME = "rename"
    MOVE = "move"
    REVISE = "revise"
    MERGE = "merge"
    CONSOLIDATE = "consolidate"
    SPLIT = "split"
    ABOLISH = "abolish"
    RECODE = "recode"


class CodeScheme(StrEnum):
    QD20 = "qd20"  # Quyết định 20/2020/QĐ-TTg: H55, H55.242
    QCVN102 = "qcvn102"
    DVHC = "dvhc"
    LOCAL = "local"


KIND_NAMES: Mapping[str, str] = {
    AgencyKind.PROVINCE: N_("Cơ quan cấp tỉnh chủ quản"),
    AgencyKind.DEPARTMENT: N_("Sở, ban, ngành"),
    AgencyKind.COMMUNE: N_("Xã, phường, đặc khu"),
    AgencyKind.DISTRICT: N_("Huyện, quận, thị xã"),
    AgencyKind.DIVISION: N_("Phòng, ban trực thuộc"),
    AgencyKind.SCHOOL: N_("Trường học"),
    AgencyKind.SERVICE_UNIT: N_("Đơn vị sự nghiệp"),
    AgencyKind.PARTY: N_("Cơ quan Đảng"),
    AgencyKind.UNION: N_("Mặt trận, đoàn thể"),
    AgencyKind.OTHER: N_("Loại khác"),
}
BLOCK_NAMES: Mapping[str, str] = {
    Block.SO_NGANH: N_("Khối sở, ngành"),
    Block.XA_PHUONG: N_("Khối xã, phường"),
    Block.TRUONG_HOC: N_("Khối trường học"),
    Block.SU_NGHIEP: N_("Khối đơn vị sự nghiệp"),
    Block.DANG_DOAN_THE: N_("Khối Đảng, đoàn thể"),
    Block.KHAC: N_("Khối khác"),
}
LEVEL_NAMES: Mapping[str, str] = {Level.TINH: N_("Cấp tỉnh"), Level.HUYEN: N_("Cấp huyện"), Level.XA: N_("Cấp xã")}
EVENT_NAMES: Mapping[str, str] = {
    EventKind.ESTABLISH: N_("Thành lập"),
    EventKind.RENAME: N_("Đổi tên"),
    EventKind.MOVE: N_("Chuyển cơ quan chủ quản"),
    EventKind.REVISE: N_("Điều chỉnh thông tin"),
    EventKind.MERGE: N_("Sáp nhập"),
    EventKind.CONSOLIDATE: N_("Hợp nhất"),
    EventKind.SPLIT: N_("Chia tách"),
    EventKind.ABOLISH: N_("Giải thể"),
    EventKind.RECODE: N_("Đổi mã"),
}
SCHEME_NAMES: Mapping[str, str] = {
    CodeScheme.QD20: N_("Mã định danh (Quyết định 20/2020/QĐ-TTg)"),
    CodeScheme.QCVN102: N_("Mã QCVN 102"),
    CodeScheme.DVHC: N_("Mã đơn vị hành chính"),
    CodeScheme.LOCAL: N_("Mã nội bộ"),
}

# Other words people write in the columns Loại, Khối and Cấp; folded.
_KIND_WORDS: Mapping[str, AgencyKind] = {
    "ubnd tinh": AgencyKind.PROVINCE,
    "uy ban nhan dan tinh": AgencyKind.PROVINCE,
    "tinh": AgencyKind.PROVINCE,
    "so": AgencyKind.DEPARTMENT,
    "so nganh": AgencyKind.DEPARTMENT,
    "so ban nganh": AgencyKind.DEPARTMENT,
    "ban nganh": AgencyKind.DEPARTMENT,
    "xa": AgencyKind.COMMUNE,
    "phuong": AgencyKind.COMMUNE,
    "xa phuong": AgencyKind.COMMUNE,
    "ubnd xa": AgencyKind.COMMUNE,
    "ubnd phuong": AgencyKind.COMMUNE,
    "dac khu": AgencyKind.COMMUNE,
    "huyen": AgencyKind.DISTRICT,
    "phong": AgencyKind.DIVISION,
    "phong ban": AgencyKind.DIVISION,
    "chi cuc": AgencyKind.DIVISION,
    "truong": AgencyKind.SCHOOL,
    "dvsn": AgencyKind.SERVICE_UNIT,
    "don vi su nghiep cong lap": AgencyKind.SERVICE_UNIT,
    "trung tam": AgencyKind.SERVICE_UNIT,
    "dang": AgencyKind.PARTY,
    "doan the": AgencyKind.UNION,
    "mat tran": AgencyKind.UNION,
    "khac": AgencyKind.OTHER,
}
_BLOCK_WORDS: Mapping[str, Block] = {
    "so nganh": Block.SO_NGANH,
    "xa phuong": Block.XA_PHUONG,
    "truong hoc": Block.TRUONG_HOC,
    "giao duc": Block.TRUONG_HOC,
    "su nghiep": Block.SU_NGHIEP,
    "dvsn": Block.SU_NGHIEP,
    "don vi su nghiep": Block.SU_NGHIEP,
    "dang": Block.DANG_DOAN_THE,
    "dang doan the": Block.DANG_DOAN_THE,
    "khac": Block.KHAC,
}
_LEVEL_WORDS: Mapping[str, Level] = {"tinh": Level.TINH, "huyen": Level.HUYEN, "xa": Level.XA, "phuong": Level.XA}

# What a name begins with tells its kind; the first that fits.
_NAME_STARTS: tuple[tuple[str, AgencyKind], ...] = (
    ("uy ban nhan dan tinh", AgencyKind.PROVINCE),
    ("ubnd tinh", AgencyKind.PROVINCE),
    ("tinh uy", AgencyKind.PARTY),
    ("tinh ", AgencyKind.PROVINCE),
    ("so ", AgencyKind.DEPARTMENT),
    ("van phong", AgencyKind.DEPARTMENT),
    ("thanh tra", AgencyKind.DEPARTMENT),
    ("ban quan ly", AgencyKind.DEPARTMENT),
    ("uy ban nhan dan", AgencyKind.COMMUNE),
    ("ubnd", AgencyKind.COMMUNE),
    ("xa ", AgencyKind.COMMUNE),
    ("phuong ", AgencyKind.COMMUNE),
    ("dac khu", AgencyKind.COMMUNE),
    ("huyen ", AgencyKind.DISTRICT),
    ("phong ", AgencyKind.DIVISION),
    ("chi cuc", AgencyKind.DIVISION),
    ("truong ", AgencyKind.SCHOOL),
    ("trung tam", AgencyKind.SERVICE_UNIT),
    ("benh vien", AgencyKind.SERVICE_UNIT),
    ("tram ", AgencyKind.SERVICE_UNIT),
    ("dang uy", AgencyKind.PARTY),
    ("mat tran", AgencyKind.UNION),
    ("uy ban mat tran", AgencyKind.UNION),
    ("hoi ", AgencyKind.UNION),
    ("doan ", AgencyKind.UNION),
    ("lien doan", AgencyKind.UNION),
)
_BLOCK_OF_KIND: Mapping[AgencyKind, Block] = {
    AgencyKind.PROVINCE: Block.SO_NGANH,
    AgencyKind.DEPARTMENT: Block.SO_NGANH,
    AgencyKind.COMMUNE: Block.XA_PHUONG,
    AgencyKind.SCHOOL: Block.TRUONG_HOC,
    AgencyKind.SERVICE_UNIT: Block.SU_NGHIEP,
    AgencyKind.PARTY: Block.DANG_DOAN_THE,
    AgencyKind.UNION: Block.DANG_DOAN_THE,
}
T = TypeVar("T", bound=StrEnum)
_WORDS = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Decision:
    """The paper a change rests on."""

    number: str | None = None
    dated: date | None = None
    note: str | None = None


def kind_from(text: str) -> AgencyKind | None:
    return _meaning(text, AgencyKind, KIND_NAMES, _KIND_WORDS)


def block_from(text: str) -> Block | None:
    return _meaning(text, Block, BLOCK_NAMES, _BLOCK_WORDS)


def level_from(text: str) -> Level | None:
    return _meaning(text, Level, LEVEL_NAMES, _LEVEL_WORDS)


def kind_of_name(name: str) -> AgencyKind:
    """What an agency most likely is, by its name; OTHER where it does not tell."""
    folded = f"{fold(name)} "
    # The longer beginning is the more telling one: Ủy ban nhân dân tỉnh before Ủy ban nhân dân.
    fitting = [(len(start), kind) for start, kind in _NAME_STARTS if folded.startswith(start)]
    return max(fitting)[1] if fitting else AgencyKind.OTHER


def usual_block(kind: AgencyKind, parent_block: str | None) -> str:
    """The block of an agency whose file does not say: of its kind; a division is counted with its parent."""
    return _BLOCK_OF_KIND.get(kind) or parent_block or Block.KHAC


def usual_level(kind: AgencyKind, parent_level: str | None) -> str:
    if kind is AgencyKind.COMMUNE:
        return Level.XA
    if kind is AgencyKind.DISTRICT:
        return Level.HUYEN
    return parent_level or Level.TINH


def _meaning(text: str, kinds: type[T], names: Mapping[str, str], words: Mapping[str, T]) -> T | None:
    key = _WORDS.sub(" ", fold(text)).strip()
    for member in kinds:
        if key in (member.value.replace("_", " "), _WORDS.sub(" ", fold(names[member])).strip()):
            return member
    return words.get(key) or words.get(key.removeprefix("khoi ").removeprefix("cap ").strip())
