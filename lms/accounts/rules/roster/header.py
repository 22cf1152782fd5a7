"""Finding a roster's header, one to three rows deep, by what its cells say.

Each field has labels it is known by. Cells of the rows of a header are joined downwards (“Ngày, tháng, năm sinh / Nam”), the last label
counts most, and the rows whose labels are recognised best are the header, wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lms.kit.errors import N_
from lms.kit.sheets import Row, Sheet, cell_text
from lms.kit.sheets.header import label_key

SEARCHED_ROWS = 40
DEPTH = 3
LABEL_LENGTH = 60

# field → labels, in small letters without marks; the first is the one our template uses.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "ordinal": ("stt", "tt", "so tt", "so thu tu"),
    "staff_code": (
        "ma can bo",
        "ma cb",
        "ma cbcc",
        "ma cbccvc",
        "ma so can bo",
        "ma so cbccvc",
        "ma nhan vien",
        "ma nv",
        "so hieu cong chuc",
    ),
    "full_name": (
        *("ho va ten", "ho ten", "ho va ten can bo", "ho ten can bo", "ho va ten cbcc", "ho va ten cbccvc", "ho va ten khai sinh"),
        *("ten can bo", "ho va ten can bo cong chuc vien chuc", "ho chu dem va ten khai sinh"),
    ),
    "family_name": ("ho dem", "ho va ten dem", "ho va dem", "ho lot", "ho va chu dem", "ho"),
    "given_name": ("ten",),
    "birth": ("ngay thang nam sinh", "ngay sinh", "nam sinh", "ngay thang nam sinh duong lich", "sinh ngay"),
    "sex": ("gioi tinh", "nam nu", "gt", "phai"),
    "agency": (
        *("don vi cong tac", "don vi", "co quan", "co quan don vi", "noi cong tac", "co quan cong tac", "don vi truc thuoc"),
        *("co quan don vi cong tac", "ten don vi", "phong ban", "phong", "bo phan", "phong ban don vi"),
    ),
    "agency_code": ("ma don vi", "ma dinh danh don vi", "ma co quan", "ma dinh danh co quan", "ma dinh danh"),
    "job_title": (
        *("chuc vu", "chuc danh", "chuc vu chuc danh", "chuc danh chuc vu", "chuc vu cong tac", "chuc vu hien tai", "vi tri viec lam"),
        *("chuc vu chuc danh cong tac", "chuc danh cong viec", "cong viec dam nhiem"),
    ),
    "group": ("nhom doi tuong", "nhom", "doi tuong"),
    "it_duty": ("cong tac cntt", "phu trach cntt", "can bo cntt", "nhiem vu cntt", "cntt", "chuyen trach cntt", "can bo chuyen trach cntt"),
    "qualification": ("trinh do chuyen mon", "chuyen mon", "cm", "trinh do", "trinh do dao tao", "chuyen mon nghiep vu", "bang cap"),
    "it_qualification": ("trinh do tin hoc", "tin hoc", "th", "chung chi tin hoc"),
    "major": ("chuyen nganh", "nganh dao tao", "chuyen nganh dao tao"),
    "identity": (
        *("so cccd", "cccd", "so dinh danh", "so dinh danh ca nhan", "cmnd", "so cmnd", "cccd cmnd", "cmnd cccd", "so cccd cmnd"),
        *("can cuoc", "so can cuoc", "can cuoc cong dan", "so can cuoc cong dan", "so cmnd cccd"),
    ),
    "phone": ("dien thoai", "so dien thoai", "sdt", "so dt", "dt", "dien thoai di dong", "di dong", "dtdd", "so dtdd"),
    "email": ("email", "e mail", "thu dien tu", "hop thu", "dia chi email", "email cong vu", "thu dien tu cong vu"),
    "note": ("ghi chu", "tinh trang", "tinh trang cong tac", "trang thai", "ly do vang mat"),
    "ignored": (
        *("nn", "ngoai ngu", "trinh do ngoai ngu", "ngach", "ma so", "ma ngach", "ngach ma so", "bac luong", "he so luong"),
        *("thoi gian cong tac", "ngay vao nganh", "ngay tuyen dung", "qlnn", "loi"),
    ),
    # Kinds of personal data this service has no business with (dropped, and said so).
    "sensitive": (
        *("dan toc", "ton giao", "dang vien", "ngay vao dang", "ngay vao dang chinh thuc", "que quan", "nguyen quan", "noi sinh"),
        *("llct", "ly luan chinh tri", "trinh do ly luan chinh tri", "trinh do llct", "thanh phan gia dinh", "tinh trang suc khoe"),
        *("suc khoe", "noi o hien nay", "ho khau thuong tru", "tinh trang hon nhan"),
    ),
}
# What a column may be said to be, as it is called on the page.
FIELD_NAMES: Mapping[str, str] = {
    "full_name": N_("Họ và tên"),
    "family_name": N_("Họ đệm"),
    "given_name": N_("Tên"),
    "staff_code": N_("Mã cán bộ"),
    "birth": N_("Ngày sinh"),
    "birth_male": N_("Ngày sinh (cột Nam)"),
    "birth_female": N_("Ngày sinh (cột Nữ)"),
    "sex": N_("Giới tính"),
    "sex_male": N_("Đánh dấu Nam"),
    "sex_female": N_("Đánh dấu Nữ"),
    "agency": N_("Đơn vị công tác"),
    "agency_code": N_("Mã đơn vị"),
    "job_title": N_("Chức vụ"),
    "group": N_("Nhóm đối tượng"),
    "it_duty": N_("Công tác CNTT"),
    "qualification": N_("Trình độ chuyên môn"),
    "it_qualification": N_("Trình độ tin học"),
    "major": N_("Chuyên ngành"),
    "identity": N_("Số CCCD"),
    "phone": N_("Điện thoại"),
    "email": N_("Email"),
    "note": N_("Ghi chú"),
    "ordinal": N_("Số thứ tự"),
}
_FIELD_OF: Mapping[str, str] = {label: field for field, labels in SYNONYMS.items() for label in labels}
_CHILDREN = frozenset(_FIELD_OF) | {"nam", "nu"}

CHOSEN = 20
EXACT = 10
INSIDE = 6  # “Họ và tên cán bộ, công chức” for “Họ và tên”
_SHORTEST_INSIDE = 5
_COLUMN_NUMBER = 4  # letters of “(12)”


@dataclass(frozen=True, slots=True)
class RosterHeader:
    """Which column holds what. `labels`: column → label as written. `keys`: column → its labels as they compare, joined by “/”.
    `sensitive`: columns that are dropped. `score`: how well it is recognised."""

    columns: Mapping[str, int]
    labels: Mapping[int, str]
    sensitive: tuple[int, ...]
    first_row: int
    last_row: int
    keys: Mapping[int, str]
    score: int

    @property
    def rank(self) -> tuple[int, int]:
        """Better recognised first; of equals the one with fewer rows, so that a title above is no part of the header."""
        return self.score, self.first_row - self.last_row

    @property
    def name_column(self) -> int:
        return self.columns["full_name"] if "full_name" in self.columns else self.columns["given_name"]

    def label(self, field: str) -> str:
        return self.labels.get(self.columns[field], "") if field in self.columns else ""


NOT_READ = ""  # what a person says of a column that is none of ours


def find_roster_header(sheet: Sheet, chosen: Mapping[str, str] | None = None) -> RosterHeader | None:
    """The header that is recognised best; None where no rows name people in some column. `chosen`: what a person said columns are, by
    their labels as they compare; it goes before what the labels say."""
    chosen = chosen or {}
    best: RosterHeader | None = None
    for index, row in enumerate(sheet.rows[:SEARCHED_ROWS]):
        if any(area.first_row < row.number <= area.last_row for area in sheet.merged):
            continue  # the lower part of something that begins above
        for depth in range(1, DEPTH + 1):
            band = sheet.rows[index : index + depth]
            if len(band) < depth or not all(_continues_header(lower) for lower in band[1:]):
                break
            header = _read_band(sheet, band, chosen)
            if header is not None and (best is None or header.rank > best.rank):
                best = header
    return best


def repeats_header(header: RosterHeader, row: Row) -> bool:
    """The header again, as printed at the top of a later page, or its column numbers `(1) (2) (3)`."""
    name = cell_text(row[header.name_column])
    if len(name) > _COLUMN_NUMBER and label_key(name) not in header.keys.get(header.name_column, "").split("/"):
        return False  # a name, as nearly every row has one
    texts = [(column, cell_text(cell)) for column, cell in enumerate(row.cells) if cell is not None]
    same = sum(bool(key) and key in header.keys.get(column, "").split("/") for column, key in ((c, label_key(t)) for c, t in texts))
    return (same >= 3 and same * 2 > len(texts)) or _numbers_columns([text for _column, text in texts])


def _numbers_columns(texts: Sequence[str]) -> bool:
    bare = [text.strip("() ").lower() for text in texts]
    numbers = [int(text) for text in bare if text.isdecimal() and len(text) <= 2]
    return len(bare) >= 3 and len(numbers) >= len(bare) - 2 and numbers == sorted(numbers) and all(len(text) <= 2 for text in bare)


def _continues_header(row: Row) -> bool:
    """A lower row of a header holds labels only, at least half of them known."""
    texts = [cell_text(cell) for cell in row.cells if cell is not None]
    if any(not isinstance(cell, str) for cell in row.cells if cell is not None) or any(len(text) > LABEL_LENGTH for text in texts):
        return False
    known = sum(label_key(text) in _CHILDREN for text in texts)
    return known * 2 >= len(texts)


def _read_band(sheet: Sheet, band: Sequence[Row], chosen: Mapping[str, str]) -> RosterHeader | None:
    spread = [sheet.spread(row) for row in band]
    width = max(len(row.cells) for row in spread)
    columns: dict[str, int] = {}
    quality: dict[str, int] = {}
    labels: dict[int, str] = {}
    keys: dict[int, str] = {}
    sensitive: list[int] = []
    parts_above: list[str] = []
    for column in range(width):
        parts = list(dict.fromkeys(text for text in (cell_text(row[column]) for row in spread) if text))
        # An unmerged heading over several columns stands in the first of them only.
        if len(parts) == 1 and len(band) > 1 and spread[0][column] is None and parts_above:
            parts = [parts_above[0], *parts]
        if not parts or any(len(part) > LABEL_LENGTH for part in parts):
            parts_above = []
            continue
        parts_above = parts[:1] if spread[0][column] is not None or len(parts) > 1 else []
        labels[column], keys[column] = " / ".join(parts), "/".join(label_key(part) for part in parts)
        field, points = _field([label_key(part) for part in parts])
        if keys[column] in chosen:
            field, points = chosen[keys[column]] or "ignored", CHOSEN
        if field == "sensitive":
            sensitive.append(column)
        elif field and points > quality.get(field, 0):
            columns[field], quality[field] = column, points
    if "full_name" not in columns and not {"family_name", "given_name"} <= set(columns):
        return None
    score = sum(quality.values()) + EXACT * len(sensitive)
    if len(columns) + len(sensitive) < 3 and CHOSEN not in quality.values():
        return None
    columns.pop("ignored", None)
    return RosterHeader(columns, labels, tuple(sensitive), band[0].number, band[-1].number, keys, score)


def _field(keys: Sequence[str]) -> tuple[str | None, int]:
    """The field that labels joined downwards stand for, and how sure that is."""
    last, above = keys[-1], " ".join(keys[:-1])
    if last in ("nam", "nu"):
        if "sinh" in above.split():
            return ("birth_male" if last == "nam" else "birth_female"), EXACT
        if not above or "gioi tinh" in above:
            return ("sex_male" if last == "nam" else "sex_female"), EXACT
    for key in reversed(keys):
        if key in _FIELD_OF:
            return _FIELD_OF[key], EXACT
    for key in reversed(keys):
        inside = [label for label in _FIELD_OF if len(label) >= _SHORTEST_INSIDE and f" {label} " in f" {key} "]
        if inside:
            return _FIELD_OF[max(inside, key=len)], INSIDE
    return None, 0


def likely_header(sheet: Sheet) -> Row | None:
    """The row that looks most like a header where none is recognised: the first with the most short texts; None where none has three."""
    best: Row | None = None
    for row in sheet.rows[:SEARCHED_ROWS]:
        if _labels_in(row) >= 3 and (best is None or _labels_in(row) > _labels_in(best)):
            best = row
    return best


def _labels_in(row: Row) -> int:
    texts = [cell for cell in row.cells if isinstance(cell, str) and len(cell) <= LABEL_LENGTH]
    return len(texts) if len(texts) == row.filled else 0


def guessed_field(label: str) -> str:
    """What a single label is taken for: a field, “sensitive”, or nothing known ("")."""
    field, _points = _field([label_key(label)])
    return field if field and field != "ignored" else NOT_READ
