"""A made-up course nobody can find fault with, and changes made to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import yaml

MODULES = 6
LESSONS = 3
WORDS = re.findall(
    r"\w+",
    "thôn giấy dòng công thẻ chữ hình bảng trang phím chuột mạng nhập xuất dân quầy hàng tên ngày tháng năm người nhà đơn thư phiếu sổ túi"
    " bàn máy cửa phòng kho kệ tủ đèn quạt bút mực tay mắt nước cây sông núi đường cầu chợ trường lớp thầy trò sách vở bài điểm",
)
LEVELS = ("NB",) * 6 + ("TH",) * 5 + ("VD",) * 4
FIGURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 60"><rect width="360" height="60" fill="#ffffff"/>'
    '<text x="20" y="36" font-size="16" fill="#1f2933">Ba bước của một việc</text></svg>\n'
)
ALTERNATIVE = "Hình có ba ô xếp từ trái sang phải, mỗi ô là một bước: nhận hồ sơ, xem hồ sơ, trả kết quả; mũi tên nối các ô với nhau."
CHECK = """```check
stem: Việc nào nên làm trước?
options:
  - text: Xem hồ sơ
    correct: true
    why: Xem trước thì biết thiếu gì để hỏi ngay.
  - text: Trả kết quả
    why: Chưa xem thì chưa có gì để trả cho người dân.
```
"""
CHECKLIST = """::: checklist Việc làm trong tuần này
- [ ] Chọn một việc của phòng.
- [ ] Ghi lại ba bước.
:::
"""
CARD = """## Thẻ ghi nhớ

| Khi | Thì |
|---|---|
| Nhận hồ sơ | Xem ngay tại quầy |
| Thiếu giấy tờ | Nói một lần cho đủ |
"""
Change = tuple[str, str] | str | None


def sentences(seed: int, words: int) -> str:
    """So many words in sentences of twelve."""
    random = Random(seed)
    written = [" ".join(random.sample(WORDS, 12)).capitalize() + "." for _ in range(words // 12 + 1)]
    return "\n\n".join(written)


def lesson(module: int, number: int, *, last: bool) -> str:
    head = (
        f"---\ntitle: Bài {module} chấm {number}\ntitle_en: Lesson {module} {number}\nminutes: 10\nkey_message: Xem rồi hãy làm.\n---\n\n"
    )
    blocks = [
        sentences(100 * module + number, 720),
        f'::: figure media/buoc.svg "Ba bước"\n{ALTERNATIVE}\n:::',
        "::: example Ví dụ\nMột tổ có 12 hồ sơ, xem hết 3 giờ, mỗi hồ sơ mất 15 phút.\n:::",
        "::: legal Căn cứ pháp lý\nLuật Dữ liệu số 60/2024/QH15, hiệu lực từ 01/7/2025.[^luat]\n:::",
        "::: warning Lỗi thường gặp\n- Làm trước khi xem.\n:::",
        "::: action Thông điệp hành động\nXem lại một hồ sơ trước khi trả.\n:::",
        CHECK,
        CHECK.replace("nên làm trước", "nên làm ngay"),
        *((CARD, CHECKLIST) if last else ()),
    ]
    return head + "\n\n".join(blocks)


def items(module: int) -> Iterator[dict[str, object]]:
    levels = (*LEVELS, "TH") if module == MODULES else LEVELS
    for place, level in enumerate(levels):
        random = Random(1000 * module + place)
        options = [" ".join(random.sample([word for word in WORDS if len(word) == 4], 4)) for _ in range(4)]
        yield {
            "code": f"TT1-{module}-{place + 1:03d}",
            "kind": "single_choice",
            "level": level,
            "competency": "DigComp 2.2: 5.2",
            "lesson": f"{place % LESSONS + 1:02d}-bai-{module}-{place % LESSONS + 1}",
            "stem": " ".join(random.sample(WORDS, 14)).capitalize() + "?",
            "options": [{"id": one, "text": text, "why": "Bài học nêu rõ điều này."} for one, text in zip("abcd", options, strict=True)],
            "key": ["abcd"[place % 4]],
            "explanation": "Bài học nêu rõ điều này và vì sao phải làm như vậy.",
        }


def blueprint() -> str:
    rules = [(2, 1, 1), (2, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 2, 0)]
    return yaml.safe_dump(
        {
            "title": {"vi": "Bài kiểm tra cuối khoá TT1", "en": "Course test TT1"},
            "minutes": 30,
            "pass_percent": 60,
            "rules": [
                {"topic": f"TT1.{module}", **dict(zip(("NB", "TH", "VD"), counts, strict=True))} for module, counts in enumerate(rules, 1)
            ],
            "frameworks": {
                f"bai-{module}-{number}": ["DigComp 2.2: 5.2"] for module in range(1, MODULES + 1) for number in range(1, LESSONS + 1)
            },
        },
        allow_unicode=True,
        sort_keys=False,
    )


def written_course(folder: Path, changes: Mapping[str, Change] | None = None) -> Path:
    """The course in `folder`/mau, with files replaced (text), gone (None), or with one text in them replaced by another (pair)."""
    files = {
        "course.yaml": (
            "code: TT1\nslug: khoa-thu\ntitle: {vi: Khoá thử, en: A trial course}\nsummary: {vi: Một khoá ngắn., en: A short course.}\n"
            "outcomes:\n  - {vi: Làm được một việc., en: Do one thing.}\naudience: [N2]\nperiods: 8\n"
            'competencies: ["DigComp 2.2: 5.2"]\nsources:\n  - id: luat\n    text: Luật Dữ liệu số 60/2024/QH15 ngày 30/11/2024\n'
            "glossary:\n  - {vi: hồ sơ, en: file, meaning: Giấy tờ của một việc.}\n"
        ),
        "CHANGES.md": "# Thay đổi\n",
        "blueprint.yaml": blueprint(),
        "media/buoc.svg": FIGURE,
    }
    for module in range(1, MODULES + 1):
        home = f"{module:02d}-phan-{module}"
        files[f"{home}/module.yaml"] = (
            f"title: {{vi: Phần {module}, en: Part {module}}}\noutcomes:\n  - {{vi: Làm được., en: Can do it.}}\n"
        )
        for number in range(1, LESSONS + 1):
            files[f"{home}/{number:02d}-bai-{module}-{number}.md"] = lesson(module, number, last=number == LESSONS)
        document = {"topic": f"TT1.{module}", "items": list(items(module))}
        files[f"{home}/questions.yaml"] = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=200)
    return _write(folder / "mau", files, changes or {})


def _write(folder: Path, files: dict[str, str], changes: Mapping[str, Change]) -> Path:
    for name, change in changes.items():
        if change is None:
            del files[name]
        elif isinstance(change, str):
            files[name] = change
        else:
            old, new = change
            assert old in files[name], f"{name} has no {old!r}"
            files[name] = files[name].replace(old, new, 1)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
