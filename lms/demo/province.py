"""The agencies and the people of the demonstration, made from a seed. Pure: the same seed, the same province."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

ROOT_CODE = "H55"

DEPARTMENTS = (
    "Văn phòng Ủy ban nhân dân tỉnh",
    "Sở Nội vụ",
    "Sở Khoa học và Công nghệ",
    "Sở Tài chính",
    "Sở Xây dựng",
    "Sở Nông nghiệp và Môi trường",
    "Sở Công Thương",
    "Sở Văn hóa, Thể thao và Du lịch",
    "Sở Giáo dục và Đào tạo",
    "Sở Y tế",
    "Sở Tư pháp",
    "Sở Dân tộc và Tôn giáo",
    "Thanh tra tỉnh",
    "Ban Quản lý các khu công nghiệp",
)
SERVICE_UNITS = (
    ("Trung tâm Chuyển đổi số", "Sở Khoa học và Công nghệ"),
    ("Trung tâm Kiểm soát bệnh tật", "Sở Y tế"),
    ("Bệnh viện đa khoa khu vực Ba Bể", "Sở Y tế"),
    ("Trung tâm Khuyến nông", "Sở Nông nghiệp và Môi trường"),
    ("Trung tâm Phục vụ hành chính công tỉnh", "Văn phòng Ủy ban nhân dân tỉnh"),
    ("Bảo tàng tỉnh", "Sở Văn hóa, Thể thao và Du lịch"),
)
SCHOOLS = (
    "Trường Trung học phổ thông Chu Văn An",
    "Trường Trung học phổ thông Ngô Quyền",
    "Trường Trung học phổ thông Chợ Đồn",
    "Trường Phổ thông dân tộc nội trú tỉnh",
)
PARTY_AND_UNIONS = (
    ("Văn phòng Tỉnh ủy", "party"),
    ("Ban Tổ chức Tỉnh ủy", "party"),
    ("Ủy ban Mặt trận Tổ quốc tỉnh", "union"),
    ("Tỉnh đoàn", "union"),
    ("Hội Liên hiệp Phụ nữ tỉnh", "union"),
)
COMMUNES = (
    *(f"Phường {name}" for name in ("Phan Đình Phùng", "Linh Sơn", "Tích Lương", "Gia Sàng", "Quyết Thắng", "Quan Triều", "Sông Công")),
    *(f"Phường {name}" for name in ("Bá Xuyên", "Phổ Yên", "Vạn Xuân", "Đức Xuân", "Bắc Kạn")),
    *(f"Xã {name}" for name in ("Tân Cương", "Đại Phúc", "Đại Từ", "Phú Lương", "Võ Nhai", "Định Hóa", "Phú Bình", "Đồng Hỷ")),
    *(
        f"Xã {name}"
        for name in ("Chợ Đồn", "Ba Bể", "Na Rì", "Chợ Mới", "Bạch Thông", "Ngân Sơn", "Phủ Thông", "Chợ Rã", "Cao Minh", "Nghĩa Tá")
    ),
)

FAMILY = (
    *("Nguyễn",) * 24,
    *("Trần", "Lê", "Phạm", "Hoàng") * 5,
    *("Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương", "Lý", "Ma", "Nông", "Triệu", "Hà", "Lương", "Đinh", "Bàn", "Đàm", "Lưu") * 2,
    *("Giàng", "Sằm", "La", "Hứa", "Lục", "Tạ", "Mai", "Chu", "Âu"),
)
MIDDLE_MALE = ("Văn", "Văn", "Đức", "Minh", "Quang", "Hữu", "Duy", "Ngọc", "Đình", "Thanh", "Trọng", "Công")
GIVEN_MALE = (
    *("An", "Anh", "Bình", "Cường", "Dũng", "Duy", "Đạt", "Đức", "Giang", "Hải", "Hiếu", "Hòa", "Hùng", "Huy", "Khánh", "Kiên"),
    *("Lâm", "Linh", "Long", "Mạnh", "Minh", "Nam", "Nghĩa", "Phong", "Phúc", "Quân", "Sơn", "Tài", "Thắng", "Thành", "Thịnh"),
    *("Toàn", "Trung", "Tuấn", "Tùng", "Việt", "Vinh"),
)
MIDDLE_FEMALE = ("Thị", "Thị", "Thị", "Thu", "Ngọc", "Minh", "Thanh", "Phương", "Bích", "Hồng", "Diệu", "Mỹ")
GIVEN_FEMALE = (
    *("An", "Anh", "Ánh", "Bình", "Chi", "Dung", "Duyên", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hòa", "Hồng", "Huệ"),
    *("Hương", "Huyền", "Lan", "Linh", "Loan", "Mai", "My", "Nga", "Ngân", "Ngọc", "Nhung", "Oanh", "Phương", "Quyên", "Thảo"),
    *("Thơ", "Thu", "Thủy", "Trang", "Tuyết", "Vân", "Xuân", "Yến"),
)

QUALIFICATIONS = (*("Đại học",) * 14, *("Thạc sĩ",) * 4, *("Cao đẳng",) * 2, "Trung cấp")
IT_CERTIFICATES = (*("Chuẩn CNTT cơ bản",) * 12, *("Chứng chỉ B",) * 3, *("Chuẩn CNTT nâng cao",) * 2, *(None,) * 3)


@dataclass(frozen=True, slots=True)
class DemoAgency:
    code: str
    name: str
    kind: str
    block: str
    level: str
    parent_code: str | None


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A made-up member of staff as HR would write one down."""

    staff_code: str
    full_name: str
    is_male: bool
    birth_date: date
    job_title: str
    agency_name: str
    group: str
    qualification: str
    it_certificate: str | None
    it_duty: str | None
    identity_number: str
    phone: str
    note: str | None


def agencies(limit: int = 60) -> list[DemoAgency]:
    """The province, its departments and their units, the party's and unions' offices, the communes: at most `limit`, at least 2."""
    result = [DemoAgency(ROOT_CODE, "Ủy ban nhân dân tỉnh Thái Nguyên", "province", "khac", "tinh", None)]
    codes: dict[str, str] = {}
    for number, name in enumerate(DEPARTMENTS, start=1):
        codes[name] = f"{ROOT_CODE}.{number}"
        result.append(DemoAgency(codes[name], name, "department", "so_nganh", "tinh", ROOT_CODE))
    result += [
        DemoAgency(f"{codes[parent]}.{number}", name, "service_unit", "su_nghiep", "tinh", codes[parent])
        for number, (name, parent) in enumerate(SERVICE_UNITS, start=11)
    ]
    schools = codes["Sở Giáo dục và Đào tạo"]
    result += [
        DemoAgency(f"{schools}.{number}", name, "school", "truong_hoc", "tinh", schools) for number, name in enumerate(SCHOOLS, start=21)
    ]
    result += [
        DemoAgency(f"{ROOT_CODE}.{number}", name, kind, "dang_doan_the", "tinh", ROOT_CODE)
        for number, (name, kind) in enumerate(PARTY_AND_UNIONS, start=31)
    ]
    result += [
        DemoAgency(f"{ROOT_CODE}.{number}", f"Ủy ban nhân dân {name[0].lower()}{name[1:]}", "commune", "xa_phuong", "xa", ROOT_CODE)
        for number, name in enumerate(COMMUNES, start=101)
    ]
    return result[: max(2, limit)]


def people(number: int, places: Sequence[DemoAgency], random: Random, today: date) -> list[DemoPerson]:
    """So many people spread over all agencies but the root, a head and an IT officer in each first."""
    staffed = [place for place in places if place.parent_code is not None]
    weights = [3 if place.block == "so_nganh" else 2 if place.block in ("su_nghiep", "truong_hoc") else 1 for place in staffed]
    seats = list(staffed) + list(staffed) + random.choices(staffed, weights, k=max(0, number - 2 * len(staffed)))
    seen: dict[str, int] = {}
    result = []
    for index, place in enumerate(seats[:number]):
        position = seen[place.code] = seen.get(place.code, 0) + 1
        result.append(_person(index + 1, place, position, random, today))
    order = {place.code: rank for rank, place in enumerate(staffed)}
    by_name = {place.name: place.code for place in staffed}
    return sorted(result, key=lambda person: order[by_name[person.agency_name]])


def _person(number: int, place: DemoAgency, position: int, random: Random, today: date) -> DemoPerson:
    is_male = random.random() < 0.48
    middle, given = (MIDDLE_MALE, GIVEN_MALE) if is_male else (MIDDLE_FEMALE, GIVEN_FEMALE)
    birth = today - timedelta(days=random.randint(24 * 365, 59 * 365))
    job_title, group = _job(place, position, random)
    duty = {2: "Chuyên trách" if place.block == "so_nganh" else "Kiêm nhiệm"}.get(position)
    if place.name == "Trung tâm Chuyển đổi số":
        duty = "Chuyên trách"
    century = (0 if is_male else 1) + (2 if birth.year >= 2000 else 0)
    return DemoPerson(
        staff_code=f"CB{number:05}",
        full_name=f"{random.choice(FAMILY)} {random.choice(middle)} {random.choice(given)}",
        is_male=is_male,
        birth_date=birth,
        job_title=job_title,
        agency_name=place.name,
        group=group,
        qualification=random.choice(QUALIFICATIONS),
        it_certificate=random.choice(IT_CERTIFICATES),
        it_duty=duty,
        identity_number=f"{random.choice(('019', '006'))}{century}{birth.year % 100:02}{number:06}",
        phone=f"0{random.choice((912, 915, 988, 977, 868, 335))}{random.randint(0, 999999):06}",
        note="Nghỉ thai sản" if not is_male and random.random() < 0.02 and position > 2 else None,
    )


def _job(place: DemoAgency, position: int, random: Random) -> tuple[str, str]:
    """Chức vụ and position group (N1 … N5) by kind of agency; the first of an agency leads it."""
    if position == 1:
        heads = {"school": "Hiệu trưởng", "commune": "Chủ tịch", "union": "Chủ tịch", "party": "Trưởng ban"}
        return heads.get(place.kind, "Giám đốc"), "N1"
    if place.kind == "school":
        return random.choices((("Giáo viên", "N4"), ("Kế toán", "N5"), ("Nhân viên thư viện", "N5")), (8, 1, 1))[0]
    if place.kind == "service_unit":
        return random.choices((("Viên chức", "N4"), ("Nhân viên y tế", "N5"), ("Văn thư", "N5")), (6, 2, 1))[0]
    if place.kind in ("party", "union"):
        return "Chuyên viên", "N3"
    return random.choices((("Chuyên viên", "N2"), ("Trưởng phòng", "N1"), ("Văn thư", "N5"), ("Kế toán", "N5")), (14, 2, 1, 1))[0]
