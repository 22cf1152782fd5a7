"""Telling who has saved a question that it reads like others."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _

from lms.kit.unit import reading
from quizzes.queries.duplicates import look_alikes
from quizzes.queries.items import draft_of

NAMED = 5


def tell_look_alikes(code: str, number: int) -> None:
    """Say which questions of the bank a version just saved reads like, if any."""
    with reading() as session:
        draft, _number = draft_of(session, code, number)
        (found,) = look_alikes(session, [(draft.stem, draft.body)], leaving_out=[code])
    if not found:
        return
    named = ", ".join(
        _("%(item)s (trùng hoàn toàn)", item=one.code)
        if one.exact
        else _("%(item)s (%(percent)s%% giống nhau)", item=one.code, percent=round(one.likeness * 100))
        for one in found[:NAMED]
    )
    flash(
        _(
            "Câu này đọc giống %(count)s câu trong ngân hàng: %(items)s. Mở trang câu hỏi để so sánh trước khi gửi thẩm định.",
            count=len(found),
            items=named,
        ),
        "warning",
    )
