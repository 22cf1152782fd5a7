"""How the template looks, its guide, its lists and its examples."""

from __future__ import annotations

from typing import Any

from quizzes.interchange.xlsx_rows import COLUMNS, LETTERS, SCORING_NAMES
from quizzes.rules.bank import KIND_NAMES, LEVEL_NAMES, PURPOSE_NAMES, ItemDraft

GUIDE, LISTS = "Hướng dẫn", "Danh mục"
SHEETS = (GUIDE, LISTS)
CELL = {"font_name": "Times New Roman", "font_size": 12, "valign": "top", "text_wrap": True, "border": 1}
_HEADER = {"bold": True, "align": "center", "valign": "vcenter", "bg_color": "#E7EEF7"}
_WIDE, _MIDDLE, _NARROW = 48, 24, 14
_WIDTHS = {"stem": _WIDE, "explanation": _WIDE, "text": _WIDE, "legal_basis": _MIDDLE, "key": _MIDDLE, "kind": _MIDDLE, "scoring": _MIDDLE}
_LAST_SHOWN = "F"  # letters behind it are there, but folded away
_CHOSEN = {"kind": 0, "level": 1, "scoring": 2, "purpose": 3}
_LISTS: tuple[tuple[str, list[str]], ...] = (
    ("Loại câu", [name for kind, name in KIND_NAMES.items() if kind != "hotspot"]),
    ("Mức độ", list(LEVEL_NAMES.values())),
    ("Cách tính điểm", list(SCORING_NAMES.values())),
    ("Mục đích sử dụng", list(PURPOSE_NAMES.values())),
)
_LINES: tuple[tuple[str, str], ...] = (
    (
        "Mỗi dòng một câu hỏi",
        "Giữ nguyên dòng tiêu đề. Cột trống để trống. Xóa các dòng ví dụ trước khi nhập. Chữ đậm viết **giữa hai cặp sao**.",
    ),
    (
        "Mã câu",
        "Chữ không dấu, số, gạch nối; để trống thì hệ thống đặt theo chủ đề. Mã đã có: nội dung mới thành phiên bản mới của câu đó.",
    ),
    ("Chủ đề", "Mã chủ đề của khóa học, ví dụ CB1.3."),
    ("Một lựa chọn", "Phương án ở A, B, C…; Đáp án: B."),
    ("Nhiều lựa chọn", "Đáp án: A, C. Cách tính điểm: chọn trong danh sách."),
    ("Đúng – sai", "Đáp án: Đúng hoặc Sai."),
    ("Nhóm nhận định đúng – sai", "Nhận định ở A, B, C…; Đáp án theo thứ tự: Đ S Đ Đ."),
    ("Ghép đôi", "Mỗi ô một cặp: vế trái => vế phải. Vế phải thừa: => vế phải."),
    ("Sắp xếp thứ tự", "Các bước ở A, B, C… theo đúng thứ tự; hệ thống tự xáo khi làm bài."),
    ("Điền số", "Đáp án: 12,5. Sai số: 0,5 hoặc 5%. Đơn vị tính: GB."),
    ("Trả lời ngắn", "Đáp án: các cách trả lời được chấp nhận, cách nhau bằng dấu |."),
    ("Điền vào chỗ trống", "Đoạn văn có chỗ trống: [[*đúng|sai|sai]] chọn từ danh sách, [[=từ|từ khác]] điền chữ, [[#12,5±0,1]] điền số."),
    ("Tự luận", "Mỗi ô A, B, C… một tiêu chí chấm và số điểm: Nêu đúng căn cứ [2]."),
    ("Giải thích, Vì sao A, Vì sao B…", "Lời giải thích chung và lý do của từng phương án; cần đủ trước khi gửi thẩm định."),
    ("Hiệu lực từ, Hết hiệu lực từ", "Ngày/tháng/năm; “hết hiệu lực từ” là ngày đầu tiên câu không còn dùng được."),
    ("Nhãn", "Cách nhau bằng dấu phẩy."),
    ("Dữ liệu kèm theo", "Do hệ thống ghi khi xuất tệp. Không sửa; câu đã sửa thì phần này tự bị bỏ qua."),
)


def _example(kind: str, stem: str, body: dict[str, Any], key: list[str], **whys: str) -> ItemDraft:
    explanation = "Ví dụ: viết lý do vì sao đáp án đúng."
    return ItemDraft(code="", topic="CB1.1", kind=kind, level="TH", stem=stem, body=body, key=key, explanation=explanation, whys=whys)


EXAMPLES: tuple[ItemDraft, ...] = (
    _example(
        "single_choice",
        "Ví dụ câu một lựa chọn: phương án nào đúng?",
        {"options": [{"id": "a", "text": "Phương án sai"}, {"id": "b", "text": "Phương án đúng"}, {"id": "c", "text": "Phương án khác"}]},
        ["b"],
        a="Vì sao A sai.",
        b="Vì sao B đúng.",
        c="Vì sao C sai.",
    ),
    _example(
        "multiple_choice",
        "Ví dụ câu nhiều lựa chọn: những phương án nào đúng?",
        {"options": [{"id": "a", "text": "Đúng một"}, {"id": "b", "text": "Sai"}, {"id": "c", "text": "Đúng hai"}], "scoring": "partial"},
        ["a", "c"],
        a="Vì sao A đúng.",
        b="Vì sao B sai.",
        c="Vì sao C đúng.",
    ),
    _example("true_false", "Ví dụ câu đúng – sai.", {}, ["true"]),
    _example(
        "matching",
        "Ví dụ câu ghép đôi.",
        {
            "premises": [{"id": "1", "text": "Vế trái một"}, {"id": "2", "text": "Vế trái hai"}],
            "options": [{"id": "a", "text": "Vế phải một"}, {"id": "b", "text": "Vế phải hai"}],
        },
        ["1=a", "2=b"],
    ),
    _example("numeric", "Ví dụ câu điền số.", {"tolerance": "0.5", "unit": "GB"}, ["12.5"]),
    _example("short_answer", "Ví dụ câu trả lời ngắn.", {}, ["Nghị định", "NĐ"]),
)


def lay_out(workbook: Any, worksheet: Any, rows: int) -> None:
    """The header, widths, folded columns and lists to choose from; written before any row."""
    header = workbook.add_format({**CELL, **_HEADER})
    for column, (name, labels) in enumerate(COLUMNS.items()):
        letter = name.removeprefix("why_")
        folded = name == "leftovers" or (letter in LETTERS and letter > _LAST_SHOWN)
        width = _MIDDLE if letter in LETTERS else _WIDTHS.get(name, _NARROW)
        worksheet.set_column(column, column, width, None, {"hidden": folded})
        worksheet.write_string(0, column, labels[0], header)
        if name in _CHOSEN:
            _label, values = _LISTS[_CHOSEN[name]]
            letters = "ABCD"[_CHOSEN[name]]
            source = f"='{LISTS}'!${letters}$2:${letters}${len(values) + 1}"
            worksheet.data_validation(
                1, column, max(rows, 1) + 1000, column, {"validate": "list", "source": source, "error_type": "warning"}
            )
    worksheet.freeze_panes(1, 1)
    worksheet.repeat_rows(0)
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.fit_to_pages(1, 0)


def add_guides(workbook: Any) -> None:
    """The sheet that explains and the sheet of lists."""
    plain, header = workbook.add_format(CELL), workbook.add_format({**CELL, **_HEADER})
    guide = workbook.add_worksheet(GUIDE)
    guide.set_column(0, 0, 36)
    guide.set_column(1, 1, 100)
    for line, (label, text) in enumerate(_LINES):
        guide.write_string(line, 0, label, header)
        guide.write_string(line, 1, text, plain)
    lists = workbook.add_worksheet(LISTS)
    lists.set_column(0, len(_LISTS) - 1, 30)
    for line in range(max(len(values) for _label, values in _LISTS) + 1):
        for column, (label, values) in enumerate(_LISTS):
            if line == 0:
                lists.write_string(0, column, label, header)
            elif line <= len(values):
                lists.write_string(line, column, values[line - 1], plain)
