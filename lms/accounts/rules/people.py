"""What is written about a person: codes, names, numbers, and how they are read from what people type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from lms.accounts.rules.groups import DEFAULT_GROUP
from lms.kit.errors import N_, DomainError
from lms.kit.vietnamese import clean, fold

_STAFF_CODE = re.compile(r"[0-9A-ZĐ][0-9A-ZĐ./_-]{1,31}")
_LOGIN = re.compile(r"[0-9a-z][0-9a-z./_-]{1,63}")
_MOBILE = re.compile(r"0[35789][0-9]{8}")
_LANDLINE = re.compile(r"02[0-9]{8,9}")
_IDENTITY = re.compile(r"0[0-9]{11}")
LONGEST_NAME = 120
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]{2,}")


class ITDuty(StrEnum):
    """Công tác công nghệ thông tin: none, full-time (chuyên trách), part-time (bán chuyên trách), beside other work (kiêm nhiệm)."""

    NONE = "none"
    FULL_TIME = "full_time"
    PART_TIME = "part_time"
    CONCURRENT = "concurrent"


IT_DUTY_NAMES: Mapping[ITDuty, str] = {
    ITDuty.NONE: N_("Không"),
    ITDuty.FULL_TIME: N_("Chuyên trách"),
    ITDuty.PART_TIME: N_("Bán chuyên trách"),
    ITDuty.CONCURRENT: N_("Kiêm nhiệm"),
}

QUALIFICATION_NAMES: Mapping[str, str] = {
    "TS": N_("Tiến sĩ"),
    "ThS": N_("Thạc sĩ"),
    "ĐH": N_("Đại học"),
    "CĐ": N_("Cao đẳng"),
    "TC": N_("Trung cấp"),
    "SC": N_("Sơ cấp"),
}

ABSENCE_NAMES: Mapping[str, str] = {
    "maternity": N_("Nghỉ thai sản"),
    "sick": N_("Nghỉ ốm"),
    "study": N_("Đi học"),
    "seconded": N_("Biệt phái"),
    "retiring": N_("Nghỉ hưu trong quý"),
}


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Someone to be entered, with the post they hold from `valid_from`. Without a staff code one is made; without a login name it is
    the staff code in small letters. Numbers are legible here and sealed when stored. `password_hash` is for accounts that need no slip."""

    full_name: str
    agency_id: UUID
    valid_from: date
    group_code: str = DEFAULT_GROUP
    staff_code: str | None = None
    login_name: str | None = None
    job_title: str | None = None
    it_duty: str = ITDuty.NONE.value
    absence: str | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    sex: str | None = None
    email: str | None = None
    phone: str | None = None
    identity_number: str | None = None
    qualification: str | None = None
    it_qualification: str | None = None
    it_major: bool = False
    password_hash: str | None = None
    activated_at: datetime | None = None


def full_name(text: str) -> str:
    """Tidy. Raises DomainError for one left empty, or too long to be a name (and for the index it is sorted by)."""
    name = clean(text)
    if not name:
        raise DomainError(N_("Chưa nhập họ và tên"), code="name_missing", field="full_name")
    if len(name) > LONGEST_NAME:
        raise DomainError(N_("Họ và tên không quá %(most)s ký tự."), code="name_too_long", field="full_name", most=LONGEST_NAME)
    return name


def staff_code(text: str) -> str:
    """`cb 00016` → `CB00016`. Raises DomainError for what cannot be a code."""
    if _STAFF_CODE.fullmatch(text):
        return text
    code = clean(text).upper().replace(" ", "")
    if not _STAFF_CODE.fullmatch(code):
        raise DomainError(N_("“%(value)s” không phải mã cán bộ; mã gồm 2 đến 32 chữ và số, ví dụ CB00016"), code="staff_code", value=text)
    return code


def login_name(text: str) -> str:
    """Small letters without marks. Raises DomainError for what cannot be a login name."""
    name = fold(text).replace(" ", "")
    if not _LOGIN.fullmatch(name):
        raise DomainError(
            N_("“%(value)s” không phải tên đăng nhập; dùng 2 đến 64 chữ không dấu, số, dấu chấm hoặc gạch"), code="login_name", value=text
        )
    return name


def generated_staff_code(number: int) -> str:
    """For people whose roster gives no code."""
    return f"C{number:07d}"


def search_text(full_name: str, code: str, login: str) -> str:
    """What the search without diacritics looks in."""
    return fold(f"{full_name} {code} {login}")


def search_words(text: str) -> list[str]:
    return fold(text).split(" ")[:8] if fold(text) else []


def phone_number(text: str) -> tuple[str, bool]:
    """`912 345 678` → (`+84912345678`, True): E.164, and whether a lost leading 0 was put back. Raises DomainError."""
    if _MOBILE.fullmatch(text):
        return "+84" + text[1:], False
    digits = re.sub(r"[\s.()\-]", "", text)
    if digits.startswith("+84"):
        digits = "0" + digits[3:]
    elif digits.startswith("84") and len(digits) == 11:
        digits = "0" + digits[2:]
    restored = not digits.startswith("0")
    if restored:
        digits = "0" + digits
    if not (_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits)):
        raise DomainError(N_("“%(value)s” không phải số điện thoại; cần 10 số, ví dụ 0912345678"), code="phone", value=text)
    return "+84" + digits[1:], restored


def shown_phone(number: str) -> str:
    """`+84912345678` → `0912 345 678`."""
    national = "0" + number.removeprefix("+84")
    return f"{national[:4]} {national[4:7]} {national[7:]}"


def identity_number(text: str) -> tuple[str, bool]:
    """Twelve digits, and whether leading zeros lost to a number format were put back. Raises DomainError.

    A number cell loses one zero (019…), or two where the province's code is 001, 002, 004, 006 or 008.
    """
    if _IDENTITY.fullmatch(text):
        return text, False
    digits = re.sub(r"[\s.]", "", text)
    restored = digits.isdecimal() and (len(digits) == 11 or (len(digits) == 10 and digits[0] in "12468"))
    if restored:
        digits = digits.zfill(12)
    if not (len(digits) == 12 and digits.isascii() and digits.isdecimal() and digits[0] == "0"):
        raise DomainError(N_("số CCCD cần đúng 12 chữ số và bắt đầu bằng 0; ở đây là %(value)s"), code="identity", value=masked(text))
    return digits, restored


def identity_birth_year(number: str) -> int:
    """The year of birth a CCCD carries: its fourth digit is century and sex, the next two the year."""
    return 1900 + 100 * (int(number[3]) // 2) + int(number[4:6])


def identity_sex(number: str) -> str:
    return "female" if int(number[3]) % 2 else "male"


def masked(number: str) -> str:
    """`019085000123` → `019********123`: enough to recognise, not enough to use."""
    digits = re.sub(r"\s", "", number)
    return digits if len(digits) < 7 else f"{digits[:3]}{'*' * (len(digits) - 6)}{digits[-3:]}"


def email_address(text: str) -> str:
    """Raises DomainError for what cannot be an address."""
    address = clean(text).replace(" ", "").lower()
    if not _EMAIL.fullmatch(address):
        raise DomainError(N_("“%(value)s” không phải địa chỉ thư điện tử; ví dụ an.nv@tinh.gov.vn"), code="email", value=text)
    return address
