"""What a file makes of the tree, agency by agency, in words a person checks before confirming."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from lms.agencies.rules.closure import FOREVER
from lms.agencies.rules.differences import differences
from lms.agencies.rules.events import Code, links
from lms.agencies.rules.plan import WORDS, AgencyDifference, Step
from lms.agencies.rules.refs import naming, ref_text
from lms.agencies.rules.replay import Tree, Version

FIELDS = ("name", "short_name", "kind", "block", "level", "parent", "legal_basis", "codes")


def told_differences(before: Tree, after: Tree, steps: Sequence[Step]) -> list[AgencyDifference]:
    """Agencies that come out differently, in the order of days; each once."""
    return _Teller(before, after, steps).tell()


class _Teller:
    def __init__(self, before: Tree, after: Tree, steps: Sequence[Step]) -> None:
        self.before, self.after = before, after
        self.heirs: dict[UUID, dict[UUID, None]] = {}
        for step in steps:
            for link in links(step.change.details):
                if link.predecessor is not None and link.successor not in (None, link.predecessor):
                    self.heirs.setdefault(link.predecessor, {})[link.successor] = None

    def tell(self) -> list[AgencyDifference]:
        changed = [
            agency
            for agency in {**self.before.versions, **self.after.versions}
            if any(getattr(self.before, part).get(agency) != getattr(self.after, part).get(agency) for part in ("versions", "codes"))
        ]
        told = [one for agency in changed if (one := self.of_agency(agency)) is not None]
        return sorted(told, key=lambda one: (one.day, one.code))

    def of_agency(self, agency: UUID) -> AgencyDifference | None:
        old, new = self.before.versions.get(agency, ()), self.after.versions.get(agency, ())
        if not new:
            return None
        if not old:
            return self.difference(agency, new[0].valid_from, new[0], "new", heirs=_ends(new))
        if _ends(new) and not _ends(old):
            return self.difference(agency, new[-1].valid_to, new[-1], "ended", heirs=True)
        found = differences({agency: old}, {agency: new})
        spans = [(one.since, one.before, one.after) for one in found] or [(new[-1].valid_from, old[-1], new[-1])]
        day, was, is_now = spans[0]
        if was is None or is_now is None:
            return self.difference(agency, day, new[-1], "changed")
        return self.difference(agency, day, is_now, "changed", self.fields(agency, day, was, is_now))

    def difference(
        self, agency: UUID, day: date, version: Version, what: str, fields: tuple[tuple[str, str, str], ...] = (), *, heirs: bool = False
    ) -> AgencyDifference:
        names = [self.name(heir, day) for heir in self.heirs.get(agency, ())] if heirs else []
        last = day if what != "ended" else version.valid_from
        return AgencyDifference(self.code(self.after, agency, last), version.name, day, what, fields, tuple(names))

    def fields(self, agency: UUID, day: date, was: Version, is_now: Version) -> tuple[tuple[str, str, str], ...]:
        found: list[tuple[str, str, str]] = []
        for name in FIELDS[:-1]:
            old, new = getattr(was, name), getattr(is_now, name)
            if old != new:
                found.append((name, self.word(name, old, day), self.word(name, new, day)))
        old_codes, new_codes = self.codes(self.before, agency, day), self.codes(self.after, agency, day)
        if old_codes != new_codes:
            found.append(("codes", old_codes, new_codes))
        return tuple(found)

    def word(self, field: str, value: str | UUID | None, day: date) -> str:
        if isinstance(value, UUID):
            return self.name(value, day)
        return WORDS.get(field, {}).get(value or "", value or "")

    def name(self, agency: UUID, day: date) -> str:
        version = self.after.on(agency, day) or next(iter(self.after.versions.get(agency, ())[-1:]), None)
        return version.name if version else str(agency)

    def code(self, tree: Tree, agency: UUID, day: date) -> str:
        spans = tree.codes.get(agency, ())
        held = [Code(span.scheme, span.code) for span in spans if span.valid_from <= day < span.valid_to]
        code = naming(held or [Code(span.scheme, span.code) for span in spans])
        return ref_text(code) if code else ""

    def codes(self, tree: Tree, agency: UUID, day: date) -> str:
        spans = tree.codes.get(agency, ())
        return ", ".join(sorted(span.code for span in spans if span.valid_from <= day < span.valid_to))


def _ends(versions: Sequence[Version]) -> bool:
    return bool(versions) and versions[-1].valid_to < FOREVER
