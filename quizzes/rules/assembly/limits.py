"""The limits forms are drawn within, as a round keeps them (`Round.assembly`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from lms.kit.errors import N_, DomainError

MOST_FORMS = 500
MOST_ANCHOR_CODES = 1000


@dataclass(frozen=True, slots=True)
class AssemblyLimits:
    """What parallel forms must keep to. Stored as JSON with the same names; what is left out has the value below.

    `forms`: how many papers. `seed`: the chance they are drawn with; the same bank, limits and seed give the same forms.
    `overlap_limit`: per cent of a paper that two forms may have in common. `exposure_limit`: per cent of the forms one item may be in.
    `recent_quarters`, `recent_limit`: an item that was in tests of more than `recent_limit` of the last `recent_quarters` quarters rests.
    `anchors`: how many items of each form were measured in an earlier quarter, word for word, so that quarters can be compared; they
    need not rest. `anchor_codes`: if given, only these items serve as anchors. `difficulty_target`: mean share of right answers
    expected of a form, 0–1 (none: what the bank gives on average); `difficulty_tolerance`: how far a form may be from it. `key_limit`:
    per cent of a form's single-choice items whose key stands at the same place; `true_limit`: per cent of its true–false items with
    the same key.

    A bank that is too small for a limit does not stop the drawing: the forms then keep to it as closely as they can, and the
    check of the forms names every breach. The blueprint and the pairs that exclude each other are never given up.
    """

    forms: int = 20
    seed: int = 1
    overlap_limit: int = 50
    exposure_limit: int = 50
    recent_quarters: int = 4
    recent_limit: int = 2
    anchors: int = 0
    anchor_codes: tuple[str, ...] = ()
    difficulty_target: float | None = None
    difficulty_tolerance: float = 0.02
    key_limit: int = 40
    true_limit: int = 70

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], **defaults: Any) -> Self:
        """What a round keeps; `defaults` stand in for what it leaves out. Raises DomainError with the name at fault in `field`."""
        known = {one.name for one in fields(cls)}
        if unknown := sorted(set(stored) - known):
            raise DomainError(N_("Không có giới hạn lập đề “%(name)s”."), code="bad_assembly", field=unknown[0], name=", ".join(unknown))
        values = {**defaults, **stored}
        for name in known & set(values):
            values[name] = _value(name, values[name])
        limits = cls(**values)
        limits.check()
        return limits

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the usual, so that a later change of the usual reaches the rounds that never chose."""
        usual = asdict(type(self)())
        values = {name: value for name, value in asdict(self).items() if value != usual[name]}
        return {**values, **({"anchor_codes": list(self.anchor_codes)} if self.anchor_codes else {})}

    def check(self) -> None:
        """Raises DomainError with the field at fault."""
        for name, least, most in (
            ("forms", 1, MOST_FORMS),
            ("seed", 0, 2**63 - 1),
            ("overlap_limit", 0, 100),
            ("exposure_limit", 1, 100),
            ("recent_quarters", 0, 40),
            ("recent_limit", 0, 40),
            ("anchors", 0, 200),
            ("difficulty_tolerance", 0, 1),
            ("key_limit", 25, 100),
            ("true_limit", 50, 100),
        ):
            if not least <= getattr(self, name) <= most:
                raise DomainError(
                    N_("Giới hạn lập đề “%(name)s” phải từ %(least)s đến %(most)s."),
                    code="bad_assembly",
                    field=name,
                    name=name,
                    least=least,
                    most=most,
                )
        if self.difficulty_target is not None and not 0.05 <= self.difficulty_target <= 0.95:
            raise DomainError(N_("Độ khó mong muốn phải từ 0,05 đến 0,95."), code="bad_assembly", field="difficulty_target")
        if len(self.anchor_codes) > MOST_ANCHOR_CODES:
            raise DomainError(N_("Tối đa %(most)s câu neo."), code="bad_assembly", field="anchor_codes", most=MOST_ANCHOR_CODES)

    def shared_items(self, size: int) -> int:
        """How many items two papers of this size may share."""
        return size * self.overlap_limit // 100

    def rests(self, recent: int) -> bool:
        """Does an item rest that was in tests of so many recent quarters?"""
        return self.recent_quarters > 0 and recent > self.recent_limit

    def uses(self, forms: int) -> int:
        """In how many of so many forms one item may be."""
        return max(1, forms * self.exposure_limit // 100)


def _value(name: str, value: Any) -> Any:
    def refused() -> DomainError:
        return DomainError(N_("Giới hạn lập đề “%(name)s” không hợp lệ."), code="bad_assembly", field=name, name=name)

    if name == "anchor_codes":
        if not isinstance(value, list | tuple) or not all(isinstance(code, str) for code in value):
            raise refused()
        return tuple(value)
    if name == "difficulty_target" and value is None:
        return None
    numbers = int | float if name.startswith("difficulty") else int
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise refused()
    return value
