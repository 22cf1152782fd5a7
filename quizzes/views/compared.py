"""A version as named parts, as two versions are laid side by side."""

from __future__ import annotations

from flask_babel import gettext as _

from lms.agencies.models import FOREVER
from lms.kit.errors import N_
from lms.kit.formats import short_date
from quizzes.queries.items import VersionView
from quizzes.rules.bank import ALWAYS
from quizzes.rules.comparing import readable_body
from quizzes.views.topics import topic_name
from quizzes.views.words import kind_name, level_name

PART_NAMES = {
    "options": N_("Phương án"),
    "statements": N_("Nhận định"),
    "premises": N_("Vế cần ghép"),
    "steps": N_("Bước"),
    "gaps": N_("Chỗ trống"),
    "text": N_("Đoạn văn"),
    "scoring": N_("Cách tính điểm"),
    "unit": N_("Đơn vị"),
    "units": N_("Đơn vị"),
    "tolerance": N_("Sai số"),
    "diacritics": N_("Dấu tiếng Việt"),
    "image": N_("Hình"),
    "criteria": N_("Tiêu chí"),
}


def parts_of(version: VersionView) -> dict[str, str]:
    """Everything that makes a version, by what it is called."""
    parts = {
        _("Câu dẫn"): version.stem,
        _("Loại"): kind_name(version.kind),
        _("Chủ đề"): topic_name(version.topic),
        _("Mức độ"): level_name(version.level),
    }
    for name, text in readable_body(version.body):
        first, _blank, rest = name.partition(" ")
        called = " ".join(filter(None, (_(PART_NAMES.get(first, first)), rest)))
        parts[called] = f"{parts[called]}\n{text}" if called in parts else text
    parts[_("Đáp án")] = "; ".join(version.key)
    for option, why in version.whys.items():
        parts[_("Lý do %(option)s", option=option)] = why
    parts[_("Giải thích")] = version.explanation
    parts[_("Căn cứ pháp lý")] = version.legal_basis or ""
    parts[_("Năng lực")] = " ".join(filter(None, (version.framework, version.competency)))
    parts[_("Có hiệu lực từ")] = short_date(version.valid_from) if version.valid_from > ALWAYS else ""
    parts[_("Hết hiệu lực")] = short_date(version.valid_to) if version.valid_to < FOREVER else ""
    parts[_("Bài học")] = version.lesson or ""
    return parts
