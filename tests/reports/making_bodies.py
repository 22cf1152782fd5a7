"""Bodies of reports made by hand, for tests of what is made from them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from lms.reports.rules.body import AgencyBody, AgencyHead, Child, Competence, Mastery, Place, ReportHead
from lms.reports.rules.ranking import Standing
from lms.results.rules import Figures

HOSTILE = '=HYPERLINK("http://x") #strong[*x*] <b>&amp;</b> $a_1$ \\ // `y` @z'
LETTERHEAD = {
    "issuer_above": "UBND tỉnh Thái Nguyên",
    "issuer": "Sở Khoa học và Công nghệ",
    "issuer_symbol": "SKHCN",
    "issuer_place": "Thái Nguyên",
    "issuer_signer": "Giám đốc",
    "issuer_recipients": "Lãnh đạo Sở; Cổng Thông tin điện tử tỉnh",
}
MANIFEST = {"schema": "congvu-lms/report-manifest/2", "audit_head": {"sequence": 5123, "hash": "ab" * 32}}
HEAD = ReportHead(
    id=str(UUID(int=99)),
    activity="quarterly-test:2026-Q4",
    title="Kiểm tra định kỳ Quý IV/2026 về chuyển đổi số",
    period="20264",
    revision=1,
    counted_on="2026-10-05",
    built_at="2026-11-22T01:30:15+00:00",
    rule_version="2",
    settings={"pass_denominator": "took_part", "letterhead": LETTERHEAD},
    installation=str(UUID(int=7)),
    base_url="https://lms.thainguyen.gov.vn",
)
NAMES = ("Sở Nội vụ", "Ủy ban nhân dân xã Đồng Hỷ", "Trường THPT Chuyên", HOSTILE)
BLOCKS = ("so_nganh", "xa_phuong", "truong_hoc", "su_nghiep")


def figures(expected: int, took_part: int, passed: int, excluded: int = 0) -> Figures:
    """Of those who passed half are good and half are fair; the others are weak."""
    good = passed // 2
    return Figures(expected, excluded, took_part, passed, took_part * 7712, good, passed - good, 0, took_part - passed)


def province_body(children: int = 8) -> AgencyBody:
    kids = tuple(
        Child(
            id=str(UUID(int=number + 2)),
            code=f"H55.{number}",
            name=f"{NAMES[number % 4]} {number}",
            block=BLOCKS[number % 4],
            level="tinh",
            sort_key=f"{number:04}",
            figures=figures(100 + number, 80 + number, 60),
            standing=Standing(8123, 7800, 8400, number + 1 if number % 2 else None, None if number % 2 else "above", 4),
        )
        for number in range(children)
    )
    own = figures(30, 20, 10, 2)
    total = sum((one.figures for one in kids), own)
    before = {"expected": 400, "took_part": 300, "passed": 180, "score_hundredths": 2_000_000}
    after = {name: getattr(total, name) for name in before}
    lens = {"before": before, "after": after}
    hundredths = {"performance": 320, "composition": -110, "structure": 40}
    return AgencyBody(
        report=HEAD,
        agency=AgencyHead(str(UUID(int=1)), "H55", "Ủy ban nhân dân tỉnh Thái Nguyên", "so_nganh", "tinh", "large", None, "0"),
        figures=total,
        own=own,
        groups={"N1": figures(100, 90, 80), "N2": figures(300, 150, 100)},
        exclusions={"maternity": 1, "sick": 1},
        competences=(
            Competence("AT", "An toàn thông tin", {"N1": Mastery(500, 900, 100)}),
            Competence("DL", "Dữ liệu số", {"N1": Mastery(800, 900, 100)}),
        ),
        children=kids,
        comparison={
            "period": "20263",
            "lenses": {"as_reported": lens, "restated": lens, "same_people": lens},
            "split": {"passing": {"hundredths": hundredths}, "participation": None},
            "predecessors": [],
            "known_later": [{"kind": "excluded", "reason": "sick", "people": 3}],
        },
    )


def agency_body(number: int = 1, withheld: tuple[str, ...] = ()) -> AgencyBody:
    """The body of one of the province's agencies."""
    province = province_body()
    child = province.children[number]
    return AgencyBody(
        report=HEAD,
        agency=AgencyHead(
            child.id,
            child.code,
            child.name,
            child.block,
            child.level,
            "large",
            province.agency.id,
            child.sort_key,
            (Place(province.agency.id, province.agency.code, province.agency.name),),
        ),
        figures=child.figures,
        own=child.figures,
        groups={"N2": child.figures},
        standing=child.standing,
        withheld=withheld,
    )


def all_below(withheld: int | None = None) -> tuple[AgencyBody, ...]:
    """Every agency of the province; one of them may be withheld from the public."""
    return tuple(agency_body(number, ("figures",) if number == withheld else ()) for number in range(8))


def without_anybody(body: AgencyBody) -> AgencyBody:
    """A quarter without any attempt."""
    nothing = Figures(expected=12)
    return replace(body, figures=nothing, own=nothing, groups={"N2": nothing}, comparison=None, competences=(), children=())
