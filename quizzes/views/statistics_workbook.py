"""Statistics as workbooks, with the definition of every figure below the table."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from lms.kit.formats import short_datetime
from lms.kit.sheets.writer import Column, table_workbook
from lms.kit.unit import settings
from quizzes.queries.rounds import RoundView
from quizzes.queries.statistics import FormRow, ItemRow, RoundFigures
from quizzes.rules.statistics import ENOUGH, FLAG_NAMES, Flag, compare_forms
from quizzes.views.topics import topic_name
from quizzes.views.words import kind_name, level_name


def items_workbook(view: RoundView, whole: RoundFigures | None, rows: Sequence[ItemRow]) -> bytes:
    columns = [
        Column(_("Mã"), 16),
        Column(_("Phiên bản"), 10, "integer"),
        Column(_("Chủ đề"), 30),
        Column(_("Mức độ"), 14),
        Column(_("Loại"), 18),
        Column(_("Nội dung"), 60),
        Column("n", 8, "integer"),
        Column("p", 8, "hundredths"),
        Column("r", 8, "hundredths"),
        Column(_("Không trả lời"), 12, "integer"),
        Column(_("Thời gian giữa (giây)"), 12, "integer"),
        Column(_("Số đề có câu"), 10, "integer"),
        Column(_("Số lượt gặp"), 10, "integer"),
        Column(_("Cần xem"), 40),
    ]
    return table_workbook(
        columns,
        [
            (
                row.code,
                row.version,
                topic_name(row.topic),
                level_name(row.level),
                kind_name(row.kind),
                row.stem,
                row.n,
                round(row.facility, 2) if row.enough else None,
                round(row.discrimination, 2) if row.enough and row.discrimination is not None else None,
                row.omitted if row.enough else None,
                row.median_seconds if row.enough else None,
                row.forms,
                row.shown,
                "; ".join(str(_(FLAG_NAMES[Flag(flag)])) for flag in row.flags) if row.enough else _("Chưa đủ số liệu"),
            )
            for row in rows
        ],
        sheet_name=_("Câu hỏi"),
        title=_("Số liệu câu hỏi: %(title)s", title=view.title),
        preamble=_counted(whole),
        notes=[
            _(
                "Chỉ tính lượt làm bài đầu tiên của mỗi người, theo điểm đang có hiệu lực; dưới %(enough)s lượt thì không hiện.",
                enough=ENOUGH,
            ),
            _("p: điểm trung bình của câu (0–1). r: tương quan giữa điểm của câu và điểm phần còn lại của đề, tính trong từng đề."),
        ],
    )


def forms_workbook(view: RoundView, whole: RoundFigures | None, rows: Sequence[FormRow]) -> bytes:
    columns = [
        Column(_("Đề số"), 8, "integer"),
        Column("n", 8, "integer"),
        Column(_("Điểm trung bình"), 12, "decimal"),
        Column(_("Độ lệch chuẩn"), 12, "decimal"),
        Column(_("Chênh so với chung"), 12, "decimal"),
        Column(_("Sai số của chênh"), 12, "decimal"),
        Column(_("Alpha (KR-20)"), 12, "hundredths"),
        Column(_("Sai số chuẩn của phép đo"), 14, "decimal"),
        Column(_("Điểm đạt tương đương"), 14, "decimal"),
    ]
    together = whole.figures if whole else None
    enough = {row.number: row.figures for row in rows if row.enough}
    compared = compare_forms(enough, together, float(view.pass_mark)) if together else {}
    lines = []
    for row in rows:
        one, beside = row.figures, compared.get(row.number)
        shown = (one.mean, one.sd, beside.difference if beside else None, beside.error if beside else None, one.alpha, one.sem)
        equated = beside.pass_mark if beside else None
        values = [round(value, 2) if value is not None and row.enough else None for value in (*shown, equated)]
        lines.append((row.number, row.n, *values))
    return table_workbook(
        columns,
        lines,
        sheet_name=_("Đề"),
        title=_("Số liệu các đề: %(title)s", title=view.title),
        preamble=_counted(whole),
        notes=[_("Điểm đạt tương đương chỉ để tham khảo, không áp dụng vào kết quả. Dưới %(enough)s lượt thì không hiện.", enough=ENOUGH)],
    )


def _counted(whole: RoundFigures | None) -> list[str]:
    if whole is None:
        return [_("Chưa tính số liệu.")]
    at = short_datetime(whole.counted_at, settings().zone)
    return [_("Tính lúc %(at)s từ %(count)s lượt làm bài.", at=at, count=whole.sittings)]
