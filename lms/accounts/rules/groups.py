"""The plan's five groups of staff, with which a province starts. Which groups there are is data; these are the first rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lms.agencies.rules.kinds import Block
from lms.kit.vietnamese import fold


@dataclass(frozen=True, slots=True)
class Group:
    code: str
    name_vi: str
    name_en: str


STARTING_GROUPS = (
    Group("N1", "Cán bộ lãnh đạo, quản lý các cấp", "Leaders and managers at all levels"),
    Group("N2", "Công chức hành chính", "Administrative civil servants"),
    Group(
        "N3",
        "Công chức khối Đảng, đoàn thể, tổ chức chính trị - xã hội",
        "Officials of the Party, unions and socio-political organisations",
    ),
    Group(
        "N4",
        "Viên chức giáo dục, y tế và đơn vị sự nghiệp",
        "Public employees in education, health and public service units",
    ),
    Group(
        "N5",
        "Nhân viên y tế, kế toán, thiết bị trường học, thư viện, văn thư",
        "School health, accounting, equipment, library and clerical staff",
    ),
)
DEFAULT_GROUP = "N2"


# Where a roster has no column “Nhóm đối tượng”, the group follows from job title and agency. The first line that fits decides.
# Titles are matched in small letters without marks.
_LEADER = re.compile(
    r"\b(bi thu|chu tich|giam doc|truong phong|pho phong|chanh van phong|pho van phong|chanh thanh tra|pho thanh tra|hieu truong|hieu pho"
    r"|truong ban|pho ban|chi cuc truong|cuc truong|vien truong|truong tram|tong bien tap|pho truong \w+|truong khoa|lanh dao)\b"
)
_PROFESSION = re.compile(r"\b(giao vien|giang vien|bac si|y si|duoc si|dieu duong|ho sinh|ky thuat vien|vien chuc|huan luyen vien)\b")
_SUPPORT = re.compile(r"\b(ke toan|van thu|thu vien|thiet bi|thu quy|y te truong hoc|nhan vien y te|nhan vien)\b")
_UNIONS = re.compile(
    r"^(dang uy|tinh uy|thanh uy|ban to chuc|ban tuyen giao|uy ban kiem tra|uy ban mat tran|mat tran|hoi lien hiep|hoi nong dan"
    r"|hoi cuu chien binh|tinh doan|doan thanh nien|lien doan lao dong|cong doan)\b"
)
_UNITS = frozenset({Block.TRUONG_HOC, Block.SU_NGHIEP})


@lru_cache(maxsize=16_384)
def derived_group(job_title: str | None, agency_name: str, agency_block: str) -> str:
    """The group of staff a title in an agency most likely belongs to.

    leaders and managers → N1; Party, unions → N3; school and unit support staff → N5; teachers, doctors, units → N4; the rest → N2.
    """
    title = fold(job_title or "")
    if _LEADER.search(title):
        return "N1"
    if agency_block == Block.DANG_DOAN_THE or _UNIONS.match(fold(agency_name)):
        return "N3"
    if agency_block in _UNITS:
        return "N5" if _SUPPORT.search(title) else "N4"
    return "N4" if _PROFESSION.search(title) else DEFAULT_GROUP
