"""Importing a roster: deciding what it would change."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from lms.accounts.operations.roster_apply import apply_plan, close_leavers
from lms.accounts.operations.roster_file import RosterFile, RosterOptions
from lms.accounts.queries.roster import Member, members_on
from lms.accounts.rules.roster.person import UNKNOWN_AGENCY
from lms.accounts.rules.roster.plan import Lookups, Outcome, Question, plan_digest
from lms.kit.actors import Actor
from lms.kit.errors import N_, DomainError
from lms.kit.imports.rules import Checked, Finding
from lms.kit.sheets import Sheet

LARGEST_SHARE_LEAVING = 0.05
"""Above this share of an agency's people, that they leave is confirmed by itself."""
FARTHEST_AHEAD = timedelta(days=366)
EARLIEST = date(1990, 1, 1)
SHOWN = 500  # leavers and questions kept with the run


@dataclass(frozen=True, slots=True)
class RosterCheck:
    """What a roster would change on a day, and what is wrong with it. `leavers`: who is in the agency that is replaced and not in the
    file; `members`: how many are in it."""

    file: RosterFile
    counts: Mapping[str, int]
    findings: Sequence[Finding]
    questions: Sequence[Question]
    leavers: Sequence[Member]
    members: int
    fingerprint: str
    lookups: Lookups
    quiet: Mapping[int, int]  # chunk in which nothing changes → how many people it names

    @property
    def options(self) -> RosterOptions:
        return self.file.options

    def checked(self) -> Checked:
        options = self.options
        counts = dict(self.counts)
        if options.replace is not None:
            counts["left"] = len(self.leavers)
        agencies = self.file.agencies.by_id
        many = len(self.leavers) > LARGEST_SHARE_LEAVING * self.members
        return Checked(
            counts=counts,
            rows=sum(counts.values()) - counts[Outcome.UNCHANGED],
            fingerprint=self.fingerprint,
            findings=self.findings,
            details={
                "dropped_columns": self.file.dropped,
                "questions": [question.row_facts() for question in self.questions[:SHOWN]],
                "undecided": len(self.questions),
                "leavers": [
                    {"name": member.full_name, "code": member.staff_code, "agency": agencies[member.agency_id].name}
                    for member in self.leavers[:SHOWN]
                ],
                "leaving": len(self.leavers),
                "members": self.members,
            },
            all_or_nothing=options.replace is not None,
            to_acknowledge=len(self.leavers) if many else 0,
        )


def check_day(as_of: date, today: date) -> None:
    """Raises DomainError for a day no roster can hold from."""
    if not EARLIEST <= as_of <= today + FARTHEST_AHEAD:
        raise DomainError(
            N_("Ngày %(day)s nằm ngoài khoảng nhận được: từ %(first)s đến %(last)s."),
            code="day_out_of_range",
            field="as_of",
            day=f"{as_of:%d/%m/%Y}",
            first=f"{EARLIEST:%d/%m/%Y}",
            last=f"{today + FARTHEST_AHEAD:%d/%m/%Y}",
        )


def check_roster(session: Session, sheets: Iterable[Sheet], file_name: str, options: RosterOptions) -> RosterCheck:
    """Read and plan without writing. Six statements and one to three more for every thousand lines. Raises DomainError where no sheet is a
    roster or no row names an agency there is."""
    file = RosterFile(session, sheets, file_name, options)
    counts: Counter[str] = Counter({outcome.value: 0 for outcome in Outcome})
    findings, questions = list(file.findings), list[Question]()
    digest = hashlib.sha256()
    lookups = file.lookups(session)
    quiet: dict[int, int] = {}
    for number, lines in enumerate(file.chunks()):
        plan = file.plan(session, lines, lookups)
        if all(step.outcome is Outcome.UNCHANGED for step in plan.steps):
            quiet[number] = len(plan.steps)
        counts.update(step.outcome.value for step in plan.steps)
        findings += plan.findings
        questions += plan.questions
        digest.update(msgspec.json.encode(plan_digest(plan)))
    if not file.lines:
        _refuse_foreign(file, findings, file_name)
    members = members_on(session, options.replace, options.as_of) if options.replace else []
    leavers = [member for member in members if member.id.bytes not in lookups.meant]
    digest.update(msgspec.json.encode(sorted(str(member.id) for member in leavers)))
    return RosterCheck(file, counts, file.in_order(findings), questions, leavers, len(members), digest.hexdigest(), lookups, quiet)


def apply_roster(session: Session, actor: Actor, check: RosterCheck, at: datetime) -> Mapping[str, int]:
    """Do what was planned at once, in the caller's transaction, without keeping how to take it back: for data that is set up. Faulty rows
    are not part of the plan. Returns the counts."""
    file = check.file
    lookups = file.lookups(session)
    counts: Counter[str] = Counter({outcome.value: 0 for outcome in Outcome})
    for lines in file.chunks():
        plan = file.plan(session, lines, lookups)
        apply_plan(session, actor, plan, lookups, at)
        counts.update(step.outcome.value for step in plan.steps)
    if check.options.replace is not None:
        close_leavers(session, actor, [member.id for member in check.leavers], check.options.as_of, at)
        counts["left"] = len(check.leavers)
    return counts


def _refuse_foreign(file: RosterFile, findings: Sequence[Finding], file_name: str) -> None:
    """A file of which no agency is known is another province's, and is not shown row by row."""
    unknown = Counter(str(finding.values["agency"]) for finding in findings if finding.code == UNKNOWN_AGENCY)
    if unknown and unknown.total() == file.people:
        raise DomainError(
            N_(
                "Không đơn vị nào trong %(file)s có trong danh mục. Tệp ghi: %(found)s. Có thể đây là tệp của tỉnh khác: "
                "kiểm tra lại tệp, hoặc nhập cây đơn vị trước."
            ),
            code="foreign_file",
            field="file",
            file=file_name,
            found="; ".join(f"“{name}”" for name, _count in unknown.most_common(5)),
        )
