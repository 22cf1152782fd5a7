"""Which agency a text means: by code, by name, by name within another agency; and what was probably meant where nothing fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from uuid import UUID

from lms.kit.sheets.header import label_key
from lms.kit.vietnamese import same_name_key

_ABBREVIATIONS: Mapping[str, str] = {
    "ubnd": "uy ban nhan dan",
    "hdnd": "hoi dong nhan dan",
    "ubmttq": "uy ban mat tran to quoc",
    "mttq": "mat tran to quoc",
    "tx": "thi xa",
    "tt": "trung tam",
    "vp": "van phong",
    "khcn": "khoa hoc va cong nghe",
    "gddt": "giao duc va dao tao",
    "thpt": "trung hoc pho thong",
    "thcs": "trung hoc co so",
    "th": "tieu hoc",
    "mn": "mam non",
    "bv": "benh vien",
}
_GOVERNMENT = re.compile(r"^uy ban nhan dan (?=\S)")
_PLACE = re.compile(r"^(?:xa|phuong|thi tran|dac khu) (?=\S)")
_PLACE_INSIDE = re.compile(r"\s+-\s+|,\s*|\s*/\s*|\s+(?:trực thuộc|thuộc)\s+", re.IGNORECASE)
# Words an office inside an agency begins with. Such an office is no agency of its own: its people are counted in the agency.
_OFFICE = re.compile(r"^(phong|van phong|to|bo phan|ban|khoa|doi|cong an|ban chi huy|tram|trung tam phuc vu hanh chinh cong)\b")
_AGENCY_START = re.compile(
    r"^(so|uy ban nhan dan|uy ban|hoi dong nhan dan|phong|van phong|chi cuc|cuc|trung tam|truong|ban|xa|phuong|dac khu|thi xa"
    r"|thi tran|huyen|thanh pho|dang uy|tinh uy|thanh uy|hoi|tinh doan|doan|mat tran|lien doan|thanh tra"
    r"|benh vien|tram|vien|khoa|to|bo phan|quy|chi nhanh)\b"
)


@dataclass(frozen=True, slots=True)
class KnownAgency:
    """An agency as it is on the day of the roster. `above`: the ids of all agencies it lies below, itself included."""

    id: UUID
    name: str
    block: str
    codes: tuple[str, ...] = ()
    short_name: str | None = None
    above: frozenset[UUID] = frozenset()
    parent_name: str | None = None


@lru_cache(maxsize=16_384)
def name_key(text: str) -> str:
    """`UBND XÃ Đông Ngũ` → `uy ban nhan dan xa dong ngu`."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in label_key(text).split())


def looks_like_agency(text: str) -> bool:
    return bool(_AGENCY_START.match(name_key(text)))


def looks_like_office(text: str) -> bool:
    return bool(_OFFICE.match(name_key(text)))


class AgencyIndex:
    """The agencies of one day, found by what people write."""

    def __init__(self, agencies: Iterable[KnownAgency]) -> None:
        self._found: dict[tuple[str, UUID | None], list[KnownAgency]] = {}
        self.by_id = {agency.id: agency for agency in agencies}
        self._by_code = {code.upper(): agency for agency in self.by_id.values() for code in agency.codes}
        self._by_name: dict[str, list[KnownAgency]] = {}
        for agency in self.by_id.values():
            for key in self._keys(agency):
                self._by_name.setdefault(key, []).append(agency)
        self._by_place: dict[str, list[KnownAgency]] = {}
        for agency in self.by_id.values():
            key = _GOVERNMENT.sub("", name_key(agency.name))
            if _PLACE.match(key):
                self._by_place.setdefault(_PLACE.sub("", key), []).append(agency)

    @staticmethod
    def _keys(agency: KnownAgency) -> set[str]:
        keys = {name_key(agency.name)} | ({name_key(agency.short_name)} if agency.short_name else set())
        return keys | {_GOVERNMENT.sub("", key) for key in keys}

    def with_code(self, code: str) -> KnownAgency | None:
        return self._by_code.get(code.strip().upper())

    def named(self, text: str, below: KnownAgency | None = None) -> list[KnownAgency]:
        """`find`, remembered: a roster says the same few names row after row."""
        key = (text, below.id if below else None)
        if key not in self._found:
            self._found[key] = self.find(text, below)
        return self._found[key]

    def find(self, text: str, below: KnownAgency | None = None) -> list[KnownAgency]:
        """All agencies a text may mean: none, one, or several of the same name. `below` decides between those where it can.
        A path (“Phòng Nội vụ - UBND xã Đông Ngũ”) is followed from its end."""
        found = self._candidates(text, below)
        if found:
            return found
        parts = [part for part in _PLACE_INSIDE.split(text) if part.strip()]
        if len(parts) < 2:
            return []
        outer = self._candidates(parts[-1], below)
        if len(outer) != 1:
            return []
        inner = self._candidates(parts[0], outer[0])
        inner = [agency for agency in inner if outer[0].id in agency.above]
        return inner if len(inner) == 1 else (outer if looks_like_office(parts[0]) else [])

    def closest(self, text: str, limit: int = 3) -> list[str]:
        """Names of agencies that are written most like this text."""
        keys = get_close_matches(name_key(text), self._all_keys, n=limit, cutoff=0.6)
        return list(dict.fromkeys(self._by_name[key][0].name for key in keys))

    @cached_property
    def _all_keys(self) -> list[str]:
        return sorted(self._by_name)

    def _candidates(self, text: str, below: KnownAgency | None) -> list[KnownAgency]:
        by_code = self.with_code(text)
        if by_code is not None:
            return [by_code]
        key = name_key(text)
        found = self._by_name.get(key) or self._by_name.get(_GOVERNMENT.sub("", key)) or self._by_place.get(key) or []
        return _narrowed(
            found, lambda agency: same_name_key(agency.name) == same_name_key(text), lambda a: below is not None and below.id in a.above
        )


def _narrowed(found: Sequence[KnownAgency], *preferences: object) -> list[KnownAgency]:
    """Those that meet a preference, wherever some but not all do."""
    result = list(found)
    for prefers in preferences:
        preferred = [agency for agency in result if prefers(agency)]  # type: ignore[operator]
        if preferred:
            result = preferred
    return result
