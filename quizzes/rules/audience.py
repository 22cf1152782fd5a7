"""Whom a test is for: the rule, what it says about one person, and why. Pure.

A rule is a cross: position groups × agencies (each with all below it) without the excepted ones × IT duty; whoever it names is
expected, unless a recorded absence of a kind the rule excuses covers the cut-off day. Practice is for everybody, a course's test for
those in the course.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from lms.accounts.rules.people import ABSENCE_NAMES
from lms.kit.errors import N_


@dataclass(frozen=True, slots=True)
class AudienceRule:
    """Empty `groups`, `agencies` or `duties`: any. `excuses` are the absences that leave a person out of the count; whoever is away for
    another reason is expected all the same. None: every absence the roster knows."""

    groups: frozenset[str] = frozenset()
    agencies: frozenset[UUID] = frozenset()
    excepted: frozenset[UUID] = frozenset()
    duties: frozenset[str] = frozenset()
    excuses: frozenset[str] | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> AudienceRule:
        excuses = values.get("excuses")
        return cls(
            groups=frozenset(values.get("groups", ())),
            agencies=frozenset(UUID(one) for one in values.get("agencies", ())),
            excepted=frozenset(UUID(one) for one in values.get("excepted", ())),
            duties=frozenset(values.get("duties", ())),
            excuses=None if excuses is None else frozenset(excuses),
        )

    def as_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {"groups": sorted(self.groups)}
        for name, ids in (("agencies", self.agencies), ("excepted", self.excepted)):
            if ids:
                values[name] = sorted(str(one) for one in ids)
        if self.duties:
            values["duties"] = sorted(self.duties)
        if self.excuses is not None:
            values["excuses"] = sorted(self.excuses)
        return values


@dataclass(frozen=True, slots=True)
class Facts:
    """What is recorded about a person on the cut-off day. `above`: the agency of the primary post and all above it, nearest first; empty
    where there is no primary post. `joined_on`: when the first primary post after that day begins, for those who came later."""

    group: str | None = None
    above: Sequence[UUID] = ()
    duty: str = "none"
    absence: str | None = None
    joined_on: date | None = None


class Verdict(StrEnum):
    """What the rule says. Only the first two are on the list; the others are outside it."""

    EXPECTED = "expected"
    EXCUSED = "excused"
    NO_POST = "no_post"
    CAME_LATER = "came_later"
    OTHER_GROUP = "other_group"
    OTHER_AGENCY = "other_agency"
    EXCEPTED_AGENCY = "excepted_agency"
    OTHER_DUTY = "other_duty"


LISTED = (Verdict.EXPECTED, Verdict.EXCUSED)

LEFT_OUT_NAMES: Mapping[str, str] = {
    Verdict.NO_POST: N_("Không có vị trí chính vào ngày chốt danh sách"),
    Verdict.CAME_LATER: N_("Nhận vị trí sau ngày chốt danh sách"),
    Verdict.OTHER_GROUP: N_("Nhóm đối tượng không thuộc diện kiểm tra"),
    Verdict.OTHER_AGENCY: N_("Cơ quan không thuộc diện kiểm tra"),
    Verdict.EXCEPTED_AGENCY: N_("Cơ quan được nêu là ngoại lệ"),
    Verdict.OTHER_DUTY: N_("Không làm công tác công nghệ thông tin theo diện kiểm tra"),
}

# Reasons to leave somebody out after the cut-off: what the roster knows, and what happens to people besides.
EXCLUSION_NAMES: Mapping[str, str] = {
    **ABSENCE_NAMES,
    "discipline": N_("Tạm đình chỉ công tác"),
    "left": N_("Thôi việc, nghỉ hưu"),
    "duty": N_("Công tác đột xuất (hoãn, làm bài bổ sung)"),
    "other": N_("Lý do khác (ghi ở minh chứng)"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One reason, to be read: a template marked with N_() and what fills it. `holds`: this condition is met. `agencies` and `groups` name
    what the caller turns into names before the sentence is shown."""

    text: str
    holds: bool
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    excluded_because: str | None
    lines: tuple[Line, ...]

    @property
    def listed(self) -> bool:
        return self.verdict in LISTED


def decide(rule: AudienceRule, facts: Facts) -> Decision:
    """What the rule says about one person, with a line for each condition that was looked at, in the order in which they are."""
    verdict = verdict_of(rule, facts)
    excuse = facts.absence if verdict == Verdict.EXCUSED else None
    return Decision(verdict, excuse, tuple(_lines(rule, facts, verdict)))


def verdict_of(rule: AudienceRule, facts: Facts) -> Verdict:
    """The same without the words: for 31,000 people at once."""
    if not facts.above:
        return Verdict.CAME_LATER if facts.joined_on is not None else Verdict.NO_POST
    if rule.groups and facts.group not in rule.groups:
        return Verdict.OTHER_GROUP
    if (place := _place(rule, facts.above)) is not None:
        return place
    if rule.duties and facts.duty not in rule.duties:
        return Verdict.OTHER_DUTY
    return Verdict.EXCUSED if excused(rule, facts.absence) else Verdict.EXPECTED


def excused(rule: AudienceRule, absence: str | None) -> bool:
    return absence is not None and (rule.excuses is None or absence in rule.excuses)


def _place(rule: AudienceRule, above: Sequence[UUID]) -> Verdict | None:
    """The nearest agency the rule names decides: an exception below a named agency, a named one below an exception."""
    for agency in above:
        if agency in rule.excepted:
            return Verdict.EXCEPTED_AGENCY
        if agency in rule.agencies:
            return None
    return Verdict.OTHER_AGENCY if rule.agencies else None


def _lines(rule: AudienceRule, facts: Facts, verdict: Verdict) -> Iterable[Line]:
    if not facts.above:
        if facts.joined_on is None:
            yield Line(N_("Ngày chốt danh sách không ghi vị trí chính nào."), holds=False)
        else:
            text = N_("Vị trí chính bắt đầu từ ngày %(day)s, sau ngày chốt danh sách.")
            yield Line(text, holds=False, values={"day": facts.joined_on})
        return
    post = {"agency": facts.above[0], "group": facts.group}
    yield Line(N_("Vị trí chính vào ngày chốt danh sách: %(agency)s, %(group)s."), holds=True, values=post)
    if rule.groups:
        meets = facts.group in rule.groups
        text = N_("%(group)s thuộc diện kiểm tra.") if meets else N_("%(group)s không thuộc diện kiểm tra của kỳ này.")
        yield Line(text, holds=meets, values={"group": facts.group})
        if not meets:
            return
    yield from _place_lines(rule, facts, verdict)
    if verdict in (Verdict.OTHER_AGENCY, Verdict.EXCEPTED_AGENCY):
        return
    if rule.duties:
        meets = facts.duty in rule.duties
        text = (
            N_("Công tác công nghệ thông tin: %(duty)s, thuộc diện.")
            if meets
            else N_("Công tác công nghệ thông tin: %(duty)s, ngoài diện.")
        )
        yield Line(text, holds=meets, values={"duty": facts.duty})
        if not meets:
            return
    if facts.absence is None:
        yield Line(N_("Ngày chốt danh sách không ghi lý do vắng mặt nào."), holds=True)
    elif excused(rule, facts.absence):
        yield Line(
            N_("Ngày chốt danh sách ghi: %(absence)s. Lý do này được miễn hoặc hoãn."), holds=False, values={"absence": facts.absence}
        )
    else:
        text = N_("Ngày chốt danh sách ghi: %(absence)s. Kỳ này không miễn, hoãn vì lý do đó.")
        yield Line(text, holds=True, values={"absence": facts.absence})


def _place_lines(rule: AudienceRule, facts: Facts, verdict: Verdict) -> Iterable[Line]:
    named = next((one for one in facts.above if one in rule.excepted or one in rule.agencies), None)
    if verdict == Verdict.EXCEPTED_AGENCY:
        yield Line(N_("%(agency)s được nêu là ngoại lệ của kỳ này."), holds=False, values={"agency": named})
    elif verdict == Verdict.OTHER_AGENCY:
        yield Line(N_("%(agency)s không nằm trong các cơ quan thuộc diện."), holds=False, values={"agency": facts.above[0]})
    elif named is not None:
        yield Line(N_("Kỳ này dành cho %(agency)s và các đơn vị trực thuộc."), holds=True, values={"agency": named})


@dataclass(frozen=True, slots=True)
class Counted:
    """What a rule comes to on a day: how many by verdict, by group, by reason, and by agency at the top of the named part."""

    by_verdict: Counter[Verdict]
    by_group: Counter[str]
    by_reason: Counter[str]
    by_agency: Counter[UUID]
    homeless: int = 0

    @property
    def expected(self) -> int:
        return self.by_verdict[Verdict.EXPECTED]

    @property
    def excused(self) -> int:
        return self.by_verdict[Verdict.EXCUSED]

    @property
    def left_out(self) -> int:
        return self.by_verdict.total() - self.expected - self.excused


def rule_in_words(rule: AudienceRule, agencies: Mapping[UUID, str], groups: Mapping[str, str], duties: Mapping[str, str]) -> list[Line]:
    """The rule as a list of sentences; names are looked up here, since the manager reads the names as they are today."""
    said = [
        Line(N_("Nhóm đối tượng: %(names)s."), True, {"names": _listed(groups.get(one, one) for one in rule.groups)})
        if rule.groups
        else Line(N_("Mọi nhóm đối tượng."), True),
        Line(N_("Cơ quan: %(names)s, cùng các đơn vị trực thuộc."), True, {"names": _names(agencies, rule.agencies)})
        if rule.agencies
        else Line(N_("Mọi cơ quan của tỉnh."), True),
    ]
    if rule.excepted:
        said.append(Line(N_("Trừ: %(names)s, cùng các đơn vị trực thuộc."), True, {"names": _names(agencies, rule.excepted)}))
    if rule.duties:
        names = _listed(duties.get(one, one) for one in rule.duties)
        said.append(Line(N_("Chỉ người làm công tác công nghệ thông tin: %(names)s."), True, {"names": names}))
    if rule.excuses is None:
        said.append(Line(N_("Miễn, hoãn mọi người có lý do vắng mặt ghi vào ngày chốt danh sách."), True))
    elif rule.excuses:
        names = _listed(EXCLUSION_NAMES.get(one, one) for one in rule.excuses)
        said.append(Line(N_("Miễn, hoãn vì: %(names)s."), True, {"names": names}))
    else:
        said.append(Line(N_("Không miễn, hoãn ai vì vắng mặt."), True))
    return said


def _names(agencies: Mapping[UUID, str], ids: Collection[UUID]) -> str:
    return _listed(agencies.get(one, "?") for one in ids)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
