"""What is asked for, brought into the form in which it is stored, or refused where it makes no sense by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import UNSET, structs

from lms.agencies.rules.events import Amendment, Change, Code, Consolidation, Details, Division, Establishment, Founding, Part, Recoding
from lms.agencies.rules.kinds import AgencyKind, Block, CodeScheme, Level
from lms.agencies.rules.sheet import CODE, EARLIEST, LATEST, LONGEST_NAME
from lms.kit.errors import N_, DomainError
from lms.kit.vietnamese import clean

LONGEST_CODE = 64
_WORDS = {name: frozenset(member.value for member in words) for name, words in (("kind", AgencyKind), ("block", Block), ("level", Level))}
_SCHEMES = frozenset(scheme.value for scheme in CodeScheme)


def prepared(change: Change) -> Change:
    """Names cleaned, codes checked, and the decision as legal basis of what it founds or amends where nothing else is said.

    Raises DomainError: a day out of bounds, an empty or overlong name, an unknown kind, block or level, a malformed code.
    """
    if not EARLIEST <= change.on <= LATEST:
        raise DomainError(N_("Ngày hiệu lực phải từ 02/09/1945 đến 31/12/2099."), code="day_out_of_bounds", field="on")
    return replace(change, details=_details(change.details, clean(change.decision.number or "") or None))


def _details(details: Details, basis: str | None) -> Details:
    if isinstance(details, Establishment):
        return structs.replace(details, **_founded(details, basis))
    if isinstance(details, Amendment):
        return _amended(details, basis)
    if isinstance(details, Recoding):
        code = None if details.code is None else _code(Code(details.scheme, details.code)).code
        return structs.replace(details, code=code)
    if isinstance(details, Consolidation):
        return structs.replace(details, founding=_founding(details.founding, basis))
    if isinstance(details, Division):
        return structs.replace(details, parts=tuple(_part(part, basis) for part in details.parts))
    return details


def _amended(details: Amendment, basis: str | None) -> Amendment:
    changes = details.changes()
    if "name" in changes:
        changes["name"] = _name(changes["name"])
    if changes.get("short_name"):
        changes["short_name"] = clean(changes["short_name"]) or None
    _known(changes)
    if changes and basis is not None and details.legal_basis is UNSET:
        changes["legal_basis"] = basis
    return structs.replace(details, **changes)


def _part(part: Part, basis: str | None) -> Part:
    return part if part.founding is None else structs.replace(part, agency=part.founding.agency, founding=_founding(part.founding, basis))


def _founding(founding: Founding, basis: str | None) -> Founding:
    return structs.replace(founding, **_founded(founding, basis))


def _founded(founding: Founding, basis: str | None) -> dict[str, Any]:
    _known({"kind": founding.kind, "block": founding.block, "level": founding.level})
    return {
        "name": _name(founding.name),
        "short_name": clean(founding.short_name or "") or None,
        "legal_basis": founding.legal_basis or basis,
        "codes": tuple(_code(code) for code in founding.codes),
    }


def _name(name: str) -> str:
    name = clean(name)
    if not name:
        raise DomainError(N_("Chưa có tên đơn vị. Điền tên đơn vị."), code="name_missing", field="name")
    if len(name) > LONGEST_NAME:
        raise DomainError(
            N_("Tên đơn vị dài quá %(limit)s ký tự. Rút gọn tên đơn vị."), code="name_too_long", field="name", limit=LONGEST_NAME
        )
    return name


def _known(values: dict[str, Any]) -> None:
    for field, words in _WORDS.items():
        if field in values and values[field] not in words:
            raise DomainError(
                N_("Không có “%(word)s”. Chọn một giá trị trong danh mục."), code="unknown_word", field=field, word=values[field]
            )


def _code(code: Code) -> Code:
    text = clean(code.code).upper()
    if code.scheme not in _SCHEMES:
        raise DomainError(
            N_("Không có “%(word)s”. Chọn một giá trị trong danh mục."), code="unknown_word", field="scheme", word=code.scheme
        )
    if code.scheme == CodeScheme.QD20 and not CODE.fullmatch(text):
        raise DomainError(
            N_("Mã đơn vị “%(bad)s” không đúng dạng; ví dụ đúng: H55, H55.242"), code="malformed_code", field="code", bad=code.code
        )
    if not text or len(text) > LONGEST_CODE:
        raise DomainError(N_("Mã phải có từ 1 đến %(limit)s ký tự."), code="malformed_code", field="code", limit=LONGEST_CODE)
    return Code(code.scheme, text)
