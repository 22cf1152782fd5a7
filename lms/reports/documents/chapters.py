"""Sections I to IV of a quarter's report, in sentences made from figures (structure of DOMAIN 4.3). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lms.accounts.rules.people import ABSENCE_NAMES
from lms.kit.clock import Quarter
from lms.kit.formats import number, percent, share
from lms.reports.documents import tables
from lms.reports.documents.pieces import Bar, Chart, Column, Heading, Paragraph, Piece, Table
from lms.reports.documents.seen import COMPARISON, Seen, hides, seen
from lms.reports.documents.words import change, listed, long_date, long_moment, of_people, people, points, rate_hundredths
from lms.reports.rules.body import AgencyBody
from lms.results.rules import BANDS, Figures

HIGH_PARTICIPATION = 80  # per cent: trên 80% of the plans
WEAK_TOPIC = 70  # per cent of right answers under which a topic is named
BAND_NAMES: Mapping[str, str] = {"good": "Giỏi", "fair": "Khá", "average": "Trung bình", "weak": "Yếu"}
LENSES: Mapping[str, str] = {
    "as_reported": "Theo số liệu đã báo cáo",
    "restated": "Tính lại theo cơ cấu tổ chức hiện nay",
    "same_people": "Chỉ những người có mặt ở cả hai quý",
}
SPLIT: Mapping[str, str] = {
    "performance": "do kết quả thực hiện",
    "composition": "do thay đổi thành phần người thuộc diện",
    "structure": "do sắp xếp tổ chức",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is written about, for whom."""

    body: AgencyBody
    public: bool
    below: Sequence[AgencyBody] = ()

    @property
    def seen(self) -> Seen:
        return seen(self.body.withheld, public=self.public)

    @property
    def figures(self) -> Figures:
        return self.body.figures

    @property
    def quarter(self) -> str:
        return Quarter.from_code(self.body.report.period).label

    @property
    def whole(self) -> bool:
        """The province, not an agency of it."""
        return not self.body.agency.path

    def passing(self, figures: Figures) -> tuple[int, int]:
        return figures.passed, tables.passed_of(figures, self.body.report.settings)


def chapters(subject: Subject) -> Iterator[Piece]:
    yield Heading("I. TÌNH HÌNH TỔ CHỨC", 1)
    yield from _organisation(subject)
    yield Heading("II. KẾT QUẢ", 1)
    if not subject.seen.counts:
        yield Paragraph("Số liệu của cơ quan này không công khai vì số người được tính quá ít, công khai sẽ làm lộ kết quả của từng người.")
    else:
        yield from _results(subject)
    yield Heading("III. ĐÁNH GIÁ", 1)
    yield from _judgement(subject)
    yield Heading("IV. PHƯƠNG HƯỚNG, KIẾN NGHỊ", 1)
    yield from _ended(list(_proposals(subject)))


def notes(body: AgencyBody, *, public: bool) -> tuple[str, ...]:
    """What every table states below itself: unit, denominators, scale, ranking."""
    over = "số thuộc diện" if body.report.settings.get(tables.RATE_BASE) == "expected" else "số tham gia"
    scale = "; ".join(
        f"{BAND_NAMES[name]}: từ {low} điểm" if index == 0 else f"{BAND_NAMES[name]}: {low} đến dưới {BANDS[index - 1][1]}"
        for index, (name, low) in enumerate(BANDS[:-1])
    )
    found = [
        f"Đơn vị tính: người. Tỷ lệ tham gia = số tham gia ÷ số thuộc diện; tỷ lệ đạt = số đạt ÷ {over}.",
        f"Xếp loại: {scale}; {BAND_NAMES['weak']}: dưới {BANDS[-2][1]} (thang điểm 100).",
        "Xếp hạng trong cùng khối và cùng nhóm quy mô. Nơi ít người, khoảng tin cậy quá rộng để xếp hạng: ghi nhóm trên, giữa hoặc dưới "
        "mức chung; đơn vị quá ít người không xếp.",
    ]
    if public:
        found.append("“—”: không công khai vì số người quá ít, hoặc không có số để chia.")
    return tuple(found)


def _organisation(subject: Subject) -> Iterator[Piece]:
    body, figures = subject.body, subject.figures
    counted = long_date(date.fromisoformat(body.report.counted_on))
    yield Paragraph(
        f"{body.report.title} được tổ chức trực tuyến; đối tượng là cán bộ, công chức, viên chức và người lao động của "
        f"{'các cơ quan, đơn vị thuộc ' if body.children else ''}{body.agency.name}. Người thuộc diện được xác định vào {counted}, "
        "theo cơ cấu tổ chức và nhóm đối tượng của ngày đó."
    )
    yield Paragraph(f"Số liệu được chốt lúc {long_moment(datetime.fromisoformat(body.report.built_at))}. {_revision(body.report.revision)}")
    if not subject.seen.excluded:
        return
    yield Paragraph(
        f"Tổng số người trong danh sách là {people(figures.staff)}, trong đó {people(figures.expected)} thuộc diện kiểm tra, "
        f"{people(figures.excluded)} được miễn, hoãn{_reasons(subject)}."
    )


def _revision(revision: int) -> str:
    return "" if revision == 1 else f"Đây là bản thứ {revision}, thay các bản trước của cùng kỳ."


def _reasons(subject: Subject) -> str:
    if not subject.body.exclusions:
        return ""
    parts = (
        f"{ABSENCE_NAMES.get(code, code).lower()}: {number(count)}" for code, count in sorted(subject.body.exclusions.items()) if count
    )
    written = listed(parts)
    return f" ({written})" if written else ""


def _results(subject: Subject) -> Iterator[Piece]:
    body, figures = subject.body, subject.figures
    yield Heading("1. Kết quả chung", 2)
    if not subject.seen.participation:
        yield Paragraph(f"Số người thuộc diện kiểm tra: {people(figures.expected)}. Các số khác không công khai vì số người quá ít.")
    elif figures.took_part == 0:
        yield Paragraph(f"Trong {subject.quarter} không có người nào của {body.agency.name} tham gia kiểm tra.")
    else:
        yield from _overall(subject)
    sections = [_by_group, _by_agency, _compared, _by_topic]
    position = 2
    for section in sections:
        pieces = list(section(subject))
        if pieces:
            title, *rest = pieces
            assert isinstance(title, Heading)
            yield Heading(f"{position}. {title.text}", 2)
            yield from rest
            position += 1


def _overall(subject: Subject) -> Iterator[Piece]:
    figures = subject.figures
    yield Paragraph(
        f"Có {of_people(figures.took_part, figures.expected)} thuộc diện đã tham gia kiểm tra; {people(figures.missing)} chưa tham gia."
    )
    if not subject.seen.outcome:
        return
    passed, whole = subject.passing(figures)
    mean = figures.mean_score
    yield Paragraph(
        f"Số người đạt yêu cầu là {of_people(passed, whole)}; không đạt: {people(figures.failed)}. "
        f"Điểm trung bình: {'—' if mean is None else number(mean)} trên thang điểm 100."
    )
    if not subject.seen.bands:
        return
    counts = [(BAND_NAMES[name], getattr(figures, name)) for name, _low in BANDS]
    described = listed(f"{name}: {people(count)} ({share(count, figures.took_part)})" for name, count in counts)
    columns = (Column("Xếp loại", 3, is_text=True), Column("Số người", 2), Column("Tỷ lệ trên số tham gia", 3))
    rows = tuple((name, number(count), share(count, figures.took_part)) for name, count in counts)
    yield Chart(
        caption="Số người theo xếp loại",
        alt=f"Biểu đồ thanh số người theo xếp loại. {described}.",
        bars=_bars(counts),
        table=Table("Số người theo xếp loại", columns, rows),
    )


def _by_group(subject: Subject) -> Iterator[Piece]:
    groups = tables.groups_of(subject.body, public=subject.public)
    blocks = tables.blocks_of(subject.body, subject.below, public=subject.public)
    settings = subject.body.report.settings
    if len(groups) < 2 and len(blocks) < 2:
        return
    yield Heading("Kết quả theo khối và nhóm đối tượng", 2)
    if len(blocks) > 1:
        yield tables.parts_table("Kết quả theo khối", "Khối", blocks, settings)
    if len(groups) > 1:
        shown = [(name, figures) for name, figures in groups if figures is not None and figures.expected]
        highest = max(shown, key=lambda entry: (entry[1].took_part / entry[1].expected, entry[0]), default=None)
        lowest = min(shown, key=lambda entry: (entry[1].took_part / entry[1].expected, entry[0]), default=None)
        if highest is not None and lowest is not None and highest is not lowest:
            named = [f"{_small(name)} ({share(figures.took_part, figures.expected)})" for name, figures in (highest, lowest)]
            yield Paragraph(f"Nhóm có tỷ lệ tham gia cao nhất là {named[0]}, thấp nhất là {named[1]}.")
        yield tables.parts_table("Kết quả theo nhóm đối tượng", "Nhóm đối tượng", groups, settings)


def _by_agency(subject: Subject) -> Iterator[Piece]:
    children = _seen_children(subject)
    if not children:
        return
    yield Heading("Kết quả theo cơ quan, đơn vị", 2)
    full = sum(one.took_part == one.expected for one in children)
    high = sum(one.took_part * 100 > HIGH_PARTICIPATION * one.expected for one in children)
    low = sum(one.took_part * 2 < one.expected for one in children)
    none = sum(one.took_part == 0 for one in children)
    yield Paragraph(
        f"Trong {number(len(children))} cơ quan, đơn vị trực thuộc có người thuộc diện: {number(full)} cơ quan có toàn bộ người "
        "thuộc diện tham gia; "
        f"{number(high)} cơ quan có tỷ lệ tham gia trên {HIGH_PARTICIPATION}%; {number(low)} cơ quan dưới 50%, trong đó "
        f"{number(none)} cơ quan không có người tham gia. Số liệu của từng cơ quan, đơn vị tại Phụ lục kèm theo."
    )


def _compared(subject: Subject) -> Iterator[Piece]:
    comparison = subject.body.comparison
    if not comparison or not subject.seen.outcome:
        return
    lenses = {name: lens for name, lens in comparison["lenses"].items() if lens["before"] is not None and not _hidden(subject, name)}
    rows = tuple(_lens(subject, name, lenses[name]) for name in LENSES if lenses.get(name))
    if not rows:
        return
    before = Quarter.from_code(str(comparison["period"])).label
    yield Heading(f"So với {before}", 2)
    change_of_rate = _pass_change(subject, lenses)
    split = None if _hidden(subject, "split") else comparison["split"]["passing"]
    if change_of_rate is not None:
        yield Paragraph(f"{change_of_rate}{_split(split)}.")
    columns = (
        Column("Cách so sánh", 4.6, is_text=True),
        Column(f"Tham gia {before}", 1.8),
        Column("Tham gia kỳ này", 1.8),
        Column(f"Đạt {before}", 1.8),
        Column("Đạt kỳ này", 1.8),
        Column("Thay đổi tỷ lệ đạt (điểm %)", 1.9),
    )
    yield Table(f"So sánh với {before}", columns, rows)
    later = 0 if subject.public else sum(int(one["people"]) for one in comparison["known_later"])
    if later:
        yield Paragraph(
            f"Biết sau: thông tin về {people(later)} đến sau khi báo cáo {before} đã chốt; số đã báo cáo của kỳ đó không bị sửa."
        )


def _hidden(subject: Subject, part: str) -> bool:
    return subject.public and hides(subject.body.withheld, COMPARISON, part)


def _lens(subject: Subject, name: str, lens: Mapping[str, Any]) -> tuple[str, ...]:
    before, after = _figures(lens["before"]), _figures(lens["after"])
    old, new = rate_hundredths(*subject.passing(before)), rate_hundredths(*subject.passing(after))
    return (
        LENSES[name],
        share(before.took_part, before.expected),
        share(after.took_part, after.expected),
        share(*subject.passing(before)),
        share(*subject.passing(after)),
        "—" if old is None or new is None else points(new - old),
    )


def _pass_change(subject: Subject, lenses: Mapping[str, Any]) -> str | None:
    lens = lenses.get("as_reported")
    if not lens:
        return None
    before, after = _figures(lens["before"]), _figures(lens["after"])
    old, new = rate_hundredths(*subject.passing(before)), rate_hundredths(*subject.passing(after))
    if old is None or new is None:
        return None
    return f"Tỷ lệ đạt {change(new - old)} (từ {share(*subject.passing(before))} lên {share(*subject.passing(after))})".replace(
        " lên ", " lên " if new > old else " còn " if new < old else " đến "
    )


def _split(split: Mapping[str, Any] | None) -> str:
    if not split:
        return ""
    parts = split["hundredths"]
    return "; trong đó " + listed(f"{words} {points(parts[name])} điểm phần trăm" for name, words in SPLIT.items())


def _by_topic(subject: Subject) -> Iterator[Piece]:
    topics = tables.topics_of(subject.body, public=subject.public)
    if not topics:
        return
    yield Heading("Kết quả theo nội dung", 2)
    columns = (Column("Nội dung", 6, is_text=True), Column("Số câu trả lời", 2), Column("Trả lời đúng", 2), Column("Tỷ lệ đúng", 2))
    rows = tuple((name, number(one.answered), number(one.right), share(one.right, one.answered)) for name, one in topics)
    weakest = topics[0]
    yield Chart(
        caption="Tỷ lệ trả lời đúng theo nội dung",
        alt=f"Biểu đồ thanh tỷ lệ trả lời đúng của {len(topics)} nội dung, thấp nhất là {weakest[0]} "
        f"({share(weakest[1].right, weakest[1].answered)}).",
        bars=tuple(Bar(name, 1000 * one.right // one.answered, share(one.right, one.answered)) for name, one in topics),
        table=Table("Tỷ lệ trả lời đúng theo nội dung", columns, rows),
    )


def _judgement(subject: Subject) -> Iterator[Piece]:
    figures = subject.figures
    if not subject.seen.bands or figures.took_part == 0:
        yield Paragraph("Chưa đủ số liệu để đánh giá.")
        return
    rate = percent(figures.took_part, figures.expected)
    reached = rate is not None and rate > HIGH_PARTICIPATION
    yield Heading("1. Ưu điểm", 2)
    children = _seen_children(subject)
    full = sum(one.took_part == one.expected for one in children)
    good = figures.good + figures.fair
    yield Paragraph(
        f"Có {people(good)} đạt loại khá trở lên, bằng {share(good, figures.took_part)} số người tham gia"
        + (f"; tỷ lệ tham gia vượt mức {HIGH_PARTICIPATION}%" if reached else "")
        + (f"; {number(full)} cơ quan, đơn vị có toàn bộ người thuộc diện tham gia" if full else "")
        + "."
    )
    yield Heading("2. Hạn chế", 2)
    yield Paragraph(
        f"Còn {people(figures.missing)} thuộc diện chưa tham gia và {people(figures.failed)} không đạt yêu cầu"
        + ("" if reached else f"; tỷ lệ tham gia chưa vượt mức {HIGH_PARTICIPATION}%")
        + "."
    )
    weak = _weak_topics(subject)
    if weak:
        yield Heading("3. Nội dung còn yếu", 2)
        yield Paragraph(f"Các nội dung có tỷ lệ trả lời đúng dưới {WEAK_TOPIC}%: {listed(weak)}.")


def _proposals(subject: Subject) -> Iterator[Paragraph]:
    figures = subject.figures
    if not subject.seen.bands or figures.expected == 0:
        yield Paragraph("Tiếp tục tổ chức kiểm tra theo kế hoạch.")
        return
    if figures.missing:
        behind = sum(one.missing > 0 for one in _seen_children(subject))
        where = f" tại {number(behind)} cơ quan, đơn vị" if behind else ""
        yield Paragraph(
            f"1. Thủ trưởng cơ quan, đơn vị rà soát {people(figures.missing)} chưa tham gia{where}, "
            "bố trí thời gian để tham gia đầy đủ kỳ sau."
        )
    else:
        yield Paragraph("1. Thủ trưởng cơ quan, đơn vị tiếp tục duy trì việc toàn bộ người thuộc diện tham gia kiểm tra.")
    yield Paragraph(
        f"2. Tổ chức bồi dưỡng lại cho {people(figures.failed)} không đạt yêu cầu trước kỳ kiểm tra tiếp theo."
        if figures.failed
        else "2. Duy trì việc tự học thường xuyên trên hệ thống."
    )
    weak = _weak_topics(subject)
    if weak:
        yield Paragraph(f"3. Ưu tiên mở lớp về: {listed(weak)}.")


def _ended(paragraphs: list[Paragraph]) -> Iterator[Piece]:
    """The text of an official paper ends with ./."""
    yield from paragraphs[:-1]
    yield Paragraph(paragraphs[-1].text.rstrip(".") + "./.")


def _weak_topics(subject: Subject) -> list[str]:
    topics = tables.topics_of(subject.body, public=subject.public)
    return [f"{name} ({share(one.right, one.answered)})" for name, one in topics if 100 * one.right < WEAK_TOPIC * one.answered]


def _seen_children(subject: Subject) -> list[Figures]:
    shown = tables.visible_children(subject.body, subject.below, public=subject.public)
    return [one.figures for one in subject.body.children if one.figures.expected and shown[one.id].bands]


def _bars(counts: list[tuple[str, int]]) -> tuple[Bar, ...]:
    longest = max((count for _name, count in counts), default=0) or 1
    return tuple(Bar(name, 1000 * count // longest, number(count)) for name, count in counts)


def _figures(stored: Mapping[str, int]) -> Figures:
    """Of what a comparison keeps (a tally), those members that figures have."""
    return Figures(**{name: stored[name] for name in ("expected", "took_part", "passed", "score_hundredths")})


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
