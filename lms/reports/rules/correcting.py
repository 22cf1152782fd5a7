"""What a revision changes of the one the public reads (đính chính): agency, figure, before, after, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lms.kit.errors import N_
from lms.reports.rules.disclosure import visible_figures
from lms.results.rules import Figures

DIFF_SCHEMA = "congvu-lms/report-diff/2"


class Cause(StrEnum):
    """What came to the ledger between two revisions."""

    MARKED_AGAIN = "marked_again"
    LATE_SITTING = "late_sitting"
    LATE_PAPER = "late_paper"
    LATE_NAME = "late_name"
    OTHER = "other"


CAUSE_NAMES: Mapping[str, str] = {
    Cause.MARKED_AGAIN: N_("chấm lại theo quyết định về câu hỏi hoặc phúc khảo"),
    Cause.LATE_SITTING: N_("bài làm được ghi nhận sau"),
    Cause.LATE_PAPER: N_("giấy tờ miễn, hoãn đến sau"),
    Cause.LATE_NAME: N_("người được bổ sung vào danh sách"),
    Cause.OTHER: N_("thay đổi tổ chức hoặc cách tính"),
}


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """What one revision says of an agency."""

    id: str
    code: str
    name: str
    figures: Figures
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FigureChange:
    """`is_public`: neither revision withholds it."""

    figure: str
    before: int | None
    after: int | None
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class AgencyCorrection:
    """An agency that reads differently; `causes`: how many rows of the ledger of each kind."""

    id: str
    code: str
    name: str
    changes: tuple[FigureChange, ...]
    causes: Mapping[str, int] = field(default_factory=dict)


def corrections(
    before: Sequence[FrozenLine], after: Sequence[FrozenLine], causes: Mapping[str, Mapping[str, int]]
) -> list[AgencyCorrection]:
    """Agencies that read differently, in the order of the later revision; those that are no longer in it come last."""
    earlier = {line.id: line for line in before}
    later = {line.id for line in after}
    found = [_correction(earlier.get(line.id), line, causes) for line in after]
    found += [_correction(line, None, causes) for line in before if line.id not in later]
    return [one for one in found if one.changes]


def correction_json(correction: AgencyCorrection) -> dict[str, Any]:
    return {
        "id": correction.id,
        "code": correction.code,
        "name": correction.name,
        "changes": [
            {"figure": one.figure, "before": one.before, "after": one.after, "is_public": one.is_public} for one in correction.changes
        ],
        "causes": dict(correction.causes),
    }


def read_corrections(values: Mapping[str, Any], *, for_the_public: bool) -> list[AgencyCorrection]:
    """Those kept with a report. The public is told of figures it may see in both, not how many people a cause concerned."""
    found = []
    for one in values["agencies"]:
        changes = tuple(FigureChange(**change) for change in one["changes"] if change["is_public"] or not for_the_public)
        causes = dict.fromkeys(one["causes"], 0) if for_the_public else one["causes"]
        if changes:
            found.append(AgencyCorrection(one["id"], one["code"], one["name"], changes, causes))
    return found


def _correction(before: FrozenLine | None, after: FrozenLine | None, causes: Mapping[str, Mapping[str, int]]) -> AgencyCorrection:
    line = after or before
    assert line is not None
    old, new = (one.figures.as_dict() if one else {} for one in (before, after))
    seen = [visible_figures(one.figures, one.withheld) if one else {} for one in (before, after)]
    changes = tuple(
        FigureChange(figure, old.get(figure), new.get(figure), all(shown.get(figure) is not None for shown in seen))
        for figure in Figures().as_dict()
        if old.get(figure) != new.get(figure)
    )
    why = dict(causes.get(line.id, {})) or ({Cause.OTHER.value: 1} if changes else {})
    return AgencyCorrection(line.id, line.code, line.name, changes, why)
