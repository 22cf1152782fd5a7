"""The plan's five groups of staff, with which a province starts. Which groups there are is data; these are the first rows."""

from __future__ import annotations

from dataclasses import dataclass


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
