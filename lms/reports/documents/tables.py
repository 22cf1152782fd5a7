"""The tables of a result: BIỂU TỔNG HỢP KẾT QUẢ line by line, groups, blocks, topics. Used by PDF, draft and workbook alike. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lms.accounts.rules.groups import STARTING_GROUPS
from lms.agencies.rules.kinds import BLOCK_NAMES
from lms.kit.formats import number, percent, share
from lms.reports.documents.pieces import Column, Table
from lms.reports.documents.seen import ALL, COMPETENCES, GROUPS, NONE, Seen, hides, seen
from lms.reports.documents.words import NOTHING
from lms.reports.rules.body import AgencyBody, Mastery
from lms.reports.rules.ranking import Standing
from lms.results.rules import Figures

RATE_BASE = "pass_denominator"  # in the report's settings: `took_part` (unless it says otherwise) or `expected`
BAND_NOTES: Mapping[str, str] = {"above": "Nhóm trên", "middle": "Nhóm giữa", "below": "Nhóm dưới"}
_GROUPS = {group.code: group.name_vi for group in STARTING_GROUPS}

COLUMNS: tuple[Column, ...] = (
    Column("STT", 1.1, is_text=True),
    Column("Đơn vị", 6.0, is_text=True),
    Column("Tổng số CBCCVC", 1.75),
    Column("Thuộc diện kiểm tra", 1.45),
    Column("Miễn/ hoãn", 1.15),
    Column("Số tham gia", 1.25),
    Column("Tỷ lệ tham gia (%)", 1.25),
    Column("Đạt", 1.2),
    Column("Tỷ lệ đạt (%)", 1.2),
    Column("Không đạt", 1.3),
    Column("Chưa tham gia", 1.25),
    Column("Điểm TB", 1.15),
    Column("Giỏi", 1.15),
    Column("Khá", 1.15),
    Column("TB", 1.15),
    Column("Yếu", 1.15),
    Column("Xếp hạng", 1.1),
    Column("Ghi chú", 2.1, is_text=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One agency in the table, with what of it is shown. `strong`: totals."""

    ordinal: str
    name: str
    figures: Figures
    standing: Standing | None = None
    strong: bool = False
    seen: Seen = ALL


def group_name(code: str) -> str:
    return _GROUPS.get(code, code)


def block_name(code: str) -> str:
    return BLOCK_NAMES.get(code, code)


def passed_of(figures: Figures, settings: object) -> int:
    """The denominator of the pass rate, as the report's settings have it."""
    chosen = settings.get(RATE_BASE) if isinstance(settings, dict) else None
    return figures.expected if chosen == "expected" else figures.took_part


def lines(body: AgencyBody, below: Sequence[AgencyBody], *, public: bool, whole_tree: bool = False) -> list[Line]:
    """The agency's own staff, those right below it, the total. `whole_tree`: every agency of `below`, numbered 1, 1.1 …

    The public sees of those below what `below` (each after its parent) says it may, and nothing of one that is not in it."""
    visible = seen(body.withheld, public=public)
    found = list(_tree(body, below, public=public) if whole_tree else _right_below(body, below, public=public))
    if not found:
        found = [Line("", body.agency.name, body.figures, body.standing, seen=visible)]
    elif body.own.staff:
        found.insert(0, Line("", f"{body.agency.name} (cơ quan)", body.own, seen=replace(visible, own=True) if visible.own else NONE))
    numbered = found if whole_tree else [replace(line, ordinal=str(index)) for index, line in enumerate(found, start=1)]
    return [*numbered, Line("", "Tổng cộng", body.figures, strong=True, seen=visible)]


def cells(line: Line, settings: object) -> tuple[str, ...]:
    """A line as it is written, in the order of COLUMNS."""
    return (line.ordinal, line.name, *(_written(value) for value in values(line, settings)), note(line))


def values(line: Line, settings: object) -> tuple[int | Decimal | None, ...]:
    """The numbers of a line between its name and the note; None where there is nothing to divide by, no rank, or nothing may be shown."""
    figures, shown = line.figures, line.seen
    numbers: tuple[tuple[int | Decimal | None, bool], ...] = (
        (figures.staff, shown.excluded),
        (figures.expected, shown.counts),
        (figures.excluded, shown.excluded),
        (figures.took_part, shown.participation),
        (percent(figures.took_part, figures.expected), shown.participation),
        (figures.passed, shown.outcome),
        (percent(figures.passed, passed_of(figures, settings)), shown.outcome),
        (figures.failed, shown.outcome),
        (figures.missing, shown.participation),
        (figures.mean_score, shown.outcome),
        (figures.good, shown.bands),
        (figures.fair, shown.bands),
        (figures.average, shown.bands),
        (figures.weak, shown.bands),
        (line.standing.rank if line.standing else None, shown.standing),
    )
    return tuple(value if may_show else None for value, may_show in numbers)


def note(line: Line) -> str:
    if not line.seen.counts:
        return "Không công khai"
    standing = line.standing if line.seen.standing else None
    return BAND_NOTES.get(standing.band, "") if standing is not None and standing.band else ""


def results_table(body: AgencyBody, below: Sequence[AgencyBody], *, public: bool, whole_tree: bool = False) -> Table:
    found = lines(body, below, public=public, whole_tree=whole_tree)
    return Table(
        caption="Biểu tổng hợp kết quả kiểm tra",
        columns=COLUMNS,
        rows=tuple(cells(line, body.report.settings) for line in found),
        strong=tuple(index for index, line in enumerate(found) if line.strong),
    )


def parts_table(caption: str, first: str, parts: Iterable[tuple[str, Figures | None]], settings: object) -> Table:
    """Participation and passing of the parts of a whole (groups, blocks)."""
    columns = (
        Column(first, 5, is_text=True),
        *(Column(label, width) for label, width in (("Thuộc diện", 1.4), ("Tham gia", 1.4), ("Tỷ lệ tham gia", 1.5), ("Đạt", 1.3))),
        Column("Tỷ lệ đạt", 1.4),
        Column("Điểm TB", 1.2),
    )
    return Table(caption=caption, columns=columns, rows=tuple(_part(name, figures, settings) for name, figures in parts))


def blocks_of(body: AgencyBody, below: Sequence[AgencyBody], *, public: bool) -> list[tuple[str, Figures | None]]:
    """Those right below added up by block; a block with an agency in it of which anything is withheld is withheld too."""
    shown = visible_children(body, below, public=public)
    totals: dict[str, Figures | None] = {}
    for child in body.children:
        before = totals.get(child.block, Figures())
        totals[child.block] = before + child.figures if before is not None and shown[child.id].bands else None
    order = list(BLOCK_NAMES)
    return [
        (block_name(code), totals[code]) for code in sorted(totals, key=lambda code: order.index(code) if code in order else len(order))
    ]


def groups_of(body: AgencyBody, *, public: bool) -> list[tuple[str, Figures | None]]:
    return [
        (group_name(code), None if public and hides(body.withheld, GROUPS, code) else body.groups[code]) for code in sorted(body.groups)
    ]


def topics_of(body: AgencyBody, *, public: bool) -> list[tuple[str, Mastery]]:
    """Topics with all groups together, weakest first; for the public those alone of which nothing is withheld."""
    found = []
    for topic in body.competences:
        if public and hides(body.withheld, COMPETENCES, topic.code):
            continue
        whole = sum(topic.groups.values(), Mastery(0, 0, 0))
        if whole.answered:
            found.append((topic.name, whole))
    return sorted(found, key=lambda entry: (entry[1].right / entry[1].answered, entry[0]))


def visible_children(body: AgencyBody, below: Sequence[AgencyBody], *, public: bool) -> dict[str, Seen]:
    """What may be shown of each agency right below, by its identifier."""
    known = {one.agency.id: seen(one.withheld, public=True) for one in below} if public else {}
    return {child.id: known.get(child.id, NONE) if public else ALL for child in body.children}


def _right_below(body: AgencyBody, below: Sequence[AgencyBody], *, public: bool) -> Iterator[Line]:
    shown = visible_children(body, below, public=public)
    for child in body.children:
        yield Line("", child.name, child.figures, child.standing, seen=shown[child.id])


def _tree(body: AgencyBody, below: Sequence[AgencyBody], *, public: bool) -> Iterator[Line]:
    counts: dict[str, int] = {}
    ordinals: dict[str, str] = {body.agency.id: ""}
    for one in below:
        above = one.agency.parent_id or ""
        counts[above] = counts.get(above, 0) + 1
        prefix = ordinals.get(above, "")
        ordinals[one.agency.id] = f"{prefix}.{counts[above]}" if prefix else str(counts[above])
        yield Line(ordinals[one.agency.id], one.agency.name, one.figures, one.standing, seen=seen(one.withheld, public=public))


def _written(value: int | Decimal | None) -> str:
    return NOTHING if value is None else number(value)


def _part(name: str, figures: Figures | None, settings: object) -> tuple[str, ...]:
    if figures is None:
        return (name, *([NOTHING] * 6))
    mean = figures.mean_score
    return (
        name,
        number(figures.expected),
        number(figures.took_part),
        share(figures.took_part, figures.expected),
        number(figures.passed),
        share(figures.passed, passed_of(figures, settings)),
        NOTHING if mean is None else number(mean),
    )
