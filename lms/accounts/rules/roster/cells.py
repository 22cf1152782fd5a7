"""What single cells of a roster mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import product

from lms.accounts.rules.people import LONGEST_NAME, ITDuty
from lms.kit.errors import N_, DomainError
from lms.kit.sheets import Cell, cell_text
from lms.kit.sheets.header import label_key
from lms.kit.vietnamese import clean

DITTO = frozenset({"nt", "-nt-", "''", '"', "“", "”", "〃", "``", "như trên", "(nt)", "- nt -", "‘’", "’’"})
NOTHING = frozenset({"-", "--", "–", "—", "không", "không có", "k", "chưa", "chưa có", "x x", "n/a", "...", "…", "."})

_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_SERIALS = range(3_654, 60_000)  # 1910 … 2064
_YEARS = range(1900, 2101)
_DATE = re.compile(r"([0-9]{1,2})\s*[/.\-]\s*([0-9]{1,2})\s*[/.\-]\s*([0-9]{4}|[0-9]{2})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T].*)?")
_MONTH_YEAR = re.compile(r"([0-9]{1,2})\s*[/.\-]\s*([0-9]{4})")
_CENTURY_SPLIT = 30  # 85 → 1985, 05 → 2005

_NAME = re.compile(r"[^\W\d_]+(?:['’.\-]?[^\W\d_]+)*\.?", re.UNICODE)
_WHOLE_NAME = re.compile(rf"{_NAME.pattern}(?: {_NAME.pattern})+", re.UNICODE)
_INITIAL = re.compile(r"[^\W\d_]+")
_COURTESY = re.compile(r"^(?:ông|bà|đ/c|đồng chí|đc)[\s.:]+", re.IGNORECASE)

_QUALIFICATIONS: tuple[tuple[str, str], ...] = (
    # In this order: “cao đẳng” before “đại học” would not matter, “thạc sĩ” before “tiến sĩ” neither; “bác sĩ CKII” must come first.
    (r"^(ts|tien si|tien sy|pgs|gs)\b", "TS"),
    (r"^(ths|thac si|thac sy|cao hoc|th s|ck ?ii|ckii|bs ?ck ?ii)\b", "ThS"),
    (r"^(dh|dai hoc|cn|cu nhan|ks|ky su|bs|bac si|bac sy|bsck ?i|duoc si dai hoc|kien truc su|kts|cki|hv|hoc vien)\b", "ĐH"),
    (r"^(cd|cao dang)\b", "CĐ"),
    (r"^(tc|trung cap|tccn|th|trung hoc chuyen nghiep)\b", "TC"),
    (r"^(sc|so cap)\b", "SC"),
)
_IT_MAJOR = re.compile(
    r"\b(cong nghe thong tin|cntt|tin hoc|khoa hoc may tinh|ky thuat phan mem|he thong thong tin|mang may tinh|dien tu tin hoc)\b"
)
_MARK = frozenset({"x", "v", "✓", "✔", "có", "1"})
_GROUP_NUMBER = re.compile(r"(?:nhom|n)?\s*([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Birth:
    """A whole birth date, or the year alone."""

    day: date | None
    year: int


class CellProblem(DomainError):  # noqa: N818 - reads as what it is where it is caught
    """A cell that cannot be what its column says; the sentence tells how to write it."""


_LONGEST_WORD = max(map(len, DITTO | NOTHING))
_HOWEVER_WRITTEN = frozenset(
    "".join(letters) for word in DITTO | NOTHING for letters in product(*({letter.lower(), letter.upper()} for letter in word))
)


def all_plain(row: Iterable[Cell]) -> bool:
    """Does every cell of a row, tidy as sheets are read, mean what it says?"""
    return _HOWEVER_WRITTEN.isdisjoint(row)


def meant(cell: Cell, above: Cell = None) -> Cell:
    """The cell with ditto marks filled from `above` and words for “none” emptied."""
    if not isinstance(cell, str) or len(cell) > _LONGEST_WORD + 2:
        return cell
    lowered = cell.strip().casefold()
    if lowered in DITTO:
        return above
    return None if lowered in NOTHING else cell


def text(cell: Cell) -> str | None:
    if cell is None or (type(cell) is str and cell.isascii() and cell.isalnum()):
        return cell
    return clean(cell if type(cell) is str else cell_text(cell)).lstrip("'’").strip() or None


def person_name(cell: Cell) -> str:
    """A name as given, without forms of address. Raises CellProblem for what cannot be one."""
    name = _COURTESY.sub("", text(cell) or "")
    if len(name) <= LONGEST_NAME and _WHOLE_NAME.fullmatch(name):
        return name
    words = name.replace("(", " ").replace(")", " ").split()
    if not all(_NAME.fullmatch(word) for word in words):
        raise CellProblem(
            N_("họ tên “%(value)s” có ký tự lạ; nếu tệp dùng phông chữ cũ (.VnTime, VNI) thì chuyển sang Unicode rồi gửi lại"), value=name
        )
    if len(words) < 2:
        raise CellProblem(N_("“%(value)s” chưa đủ họ và tên"), value=name)
    if len(name) > LONGEST_NAME:
        raise CellProblem(N_("họ tên dài quá %(most)s ký tự"), most=LONGEST_NAME)
    return name


def with_capital_initials(name: str) -> str:
    """`NGUYỄN THỊ ÁNH` → `Nguyễn Thị Ánh`, `H'HEN NIÊ` → `H'Hen Niê`; names that are not all capitals stay as given."""
    return _INITIAL.sub(lambda part: part[0].capitalize(), name.lower()) if name.isupper() else name


def birth(cell: Cell) -> Birth | None:
    """Day, month, year as Vietnamese write them, never the American way round; a year alone; an Excel serial. Raises CellProblem."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, date):  # a moment is one, too
        day = cell.date() if isinstance(cell, datetime) else cell
        return Birth(day, day.year)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _birth_of_number(cell)
    written = text(cell) or ""
    return _birth_of_number(int(written)) if written.isdecimal() else _birth_of_text(written)


@lru_cache(maxsize=16_384)
def _birth_of_text(written: str) -> Birth:
    if match := _ISO.fullmatch(written):
        return _real(int(match[3]), int(match[2]), int(match[1]), written)
    if match := _DATE.fullmatch(written):
        year = int(match[3])
        if len(match[3]) == 2:
            year += 1900 if year >= _CENTURY_SPLIT else 2000
        return _real(int(match[1]), int(match[2]), year, written)
    if (match := _MONTH_YEAR.fullmatch(written)) and int(match[1]) in range(1, 13):
        return Birth(None, int(match[2]))
    raise CellProblem(N_("“%(value)s” không phải ngày sinh; viết ngày/tháng/năm, ví dụ 05/07/1985, hoặc chỉ năm"), value=written)


def _birth_of_number(number: float) -> Birth:
    if number in _YEARS:
        return Birth(None, int(number))
    if number in _EXCEL_SERIALS:
        day = _EXCEL_EPOCH + timedelta(days=int(number))
        return Birth(day, day.year)
    written = f"{number:.0f}"
    if len(written) in (7, 8):  # 05071985 typed without separators, its leading zero lost
        padded = written.zfill(8)
        return _real(int(padded[:2]), int(padded[2:4]), int(padded[4:]), written)
    raise CellProblem(N_("“%(value)s” không phải ngày sinh; viết ngày/tháng/năm, ví dụ 05/07/1985, hoặc chỉ năm"), value=written)


def _real(day: int, month: int, year: int, written: str) -> Birth:
    try:
        return Birth(date(year, month, day), year)
    except ValueError:
        raise CellProblem(N_("%(value)s không có thật; sửa theo dạng ngày/tháng/năm"), value=written) from None


def sex(cell: Cell) -> str | None:
    """Raises CellProblem for what names neither."""
    key = label_key(text(cell) or "")
    if text(cell) is None:
        return None
    if key in ("nam", "m", "trai"):
        return "male"
    if key in ("nu", "f", "gai"):
        return "female"
    raise CellProblem(N_("giới tính “%(value)s” không rõ; viết Nam hoặc Nữ"), value=cell_text(cell))


def is_mark(cell: Cell) -> bool:
    return cell is not None and (text(cell) or "").casefold() in _MARK


def qualification(cell: Cell) -> str | None:
    """`Thạc sĩ QLNN` → `ThS`. Raises CellProblem for what names no level."""
    key = label_key(text(cell) or "")
    if not key or key in ("12 12", "10 10", "thpt"):
        return None
    for pattern, level in _QUALIFICATIONS:
        if re.match(pattern, key):
            return level
    raise CellProblem(N_("không rõ trình độ “%(value)s”; viết TS, ThS, ĐH, CĐ, TC hoặc SC"), value=cell_text(cell))


def names_it(cell: Cell) -> bool:
    """Does a qualification or major name information technology?"""
    return cell is not None and bool(_IT_MAJOR.search(label_key(text(cell) or "")))


# Looked for in this order: “đi làm lại sau thai sản” is a return, not a leave.
ABSENCE_WORDS = (
    ("di lam lai", ""),
    ("da di lam", ""),
    ("thai san", "maternity"),
    ("nghi sinh", "maternity"),
    ("biet phai", "seconded"),
    ("nghi huu", "retiring"),
    ("di hoc", "study"),
    ("nghi om", "sick"),
    ("om dai ngay", "sick"),
    ("chua benh", "sick"),
)


def it_duty(cell: Cell, label: str) -> str | None:
    """`Kiêm nhiệm` → concurrent; a bare mark means what the column's label says. Raises CellProblem."""
    key = label_key(text(cell) or "")
    if not key:
        return None
    for words, duty in (("ban chuyen trach", ITDuty.PART_TIME), ("chuyen trach", ITDuty.FULL_TIME), ("kiem nhiem", ITDuty.CONCURRENT)):
        if words in key:
            return duty.value
    if is_mark(cell):
        return ITDuty.FULL_TIME.value if "chuyen trach" in label_key(label) else ITDuty.CONCURRENT.value
    raise CellProblem(N_("không rõ “%(value)s”; viết Chuyên trách, Bán chuyên trách hoặc Kiêm nhiệm"), value=cell_text(cell))


def absence(cell: Cell) -> str | None:
    """What a note says about being away: a code of `people.ABSENCE_NAMES`, "" for back at work, None where it says nothing of it."""
    if cell is None:
        return None
    key = label_key(text(cell) or "")
    for words, code in ABSENCE_WORDS:
        if words in key:
            return code
    return None


def group_code(cell: Cell, names: Mapping[str, str]) -> str | None:
    """`N2`, `2`, `Nhóm 2` or the group's name → its code. `names`: code → name. Raises CellProblem naming the groups there are."""
    key = label_key(text(cell) or "")
    if not key:
        return None
    match = _GROUP_NUMBER.fullmatch(key)
    if match and f"N{int(match[1])}" in names:
        return f"N{int(match[1])}"
    for code, name in names.items():
        if key in (code.casefold(), label_key(name)):
            return code
    raise CellProblem(N_("không có nhóm đối tượng “%(value)s”; viết một trong: %(groups)s"), value=cell_text(cell), groups=", ".join(names))
