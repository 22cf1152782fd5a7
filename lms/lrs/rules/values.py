"""The simple values of a statement: each function returns what it was given when that is valid, and raises StatementFault otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from lms.kit.errors import N_
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.versions import Version

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20\x7f<>\"{}|\\^`]+")
_MAILTO = re.compile(r"mailto:[^\x00-\x20\x7f<>\"@:/?#]+@[^\x00-\x20\x7f<>\"@:/?#]+", re.IGNORECASE)
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_SHA2 = re.compile(r"(?:[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+\-]+/[\w!#$&^.+\-]+(?:\s*;.*)?", re.ASCII)
# A statement of the older version is also taken by the newer; the newer has properties that the older does not know.
_VERSIONS = {
    Version.V1: re.compile(r"1\.0(?:\.[0-9]+)?", re.ASCII),
    Version.V2: re.compile(r"[12]\.0(?:\.[0-9]+)?", re.ASCII),
}
# RFC 3339; a zone may be missing (then UTC is meant), and a space may stand for the T where a person or a client library writes one.
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})([Tt ])([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
    r"(?:([Zz])|([+-])([0-9]{2})(?::?([0-9]{2}))?)?",
    re.ASCII,
)
_AMOUNT = r"[0-9]+"
_LAST = r"[0-9]+(?:[.,][0-9]+)?"  # only the smallest unit may have a fraction
_DURATION = re.compile(
    rf"P(?:{_LAST}W|(?=[0-9T])(?:{_LAST}Y(?!.)|{_AMOUNT}Y)?(?:{_LAST}M(?!.)|{_AMOUNT}M)?(?:{_LAST}D(?!.)|{_AMOUNT}D)?"
    rf"(?:T(?=[0-9])(?:{_LAST}H(?!.)|{_AMOUNT}H)?(?:{_LAST}M(?!.)|{_AMOUNT}M)?(?:{_LAST}S)?)?)",
    re.ASCII,
)
_LANGUAGE = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})"
    r"(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(?:-[A-WY-Za-wy-z0-9](?:-[A-Za-z0-9]{2,8})+)*(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?"
    r"|[xX](?:-[A-Za-z0-9]{1,8})+"
)
# Irregular and grandfathered tags of RFC 5646.
_OLD_LANGUAGES = re.compile(
    r"en-gb-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)|sgn-(?:be-fr|be-nl|ch-de)"
    r"|art-lojban|cel-gaulish|no-(?:bok|nyn)|zh-(?:guoyu|hakka|min|min-nan|xiang)",
    re.IGNORECASE,
)


def kind_of(value: Any) -> str:
    """What a JSON value is, in JSON's own words, for a message."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
    return names.get(type(value), "?")


def obj(value: Any, path: str, allowed: Collection[str] | None = None, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """A JSON object with no other keys than `allowed` (None: any) and all of `required`."""
    if type(value) is not dict:
        raise StatementFault(path, N_("%(path)s: phải là một đối tượng JSON, không phải %(kind)s"), kind=kind_of(value))
    if allowed is not None:
        for key in value:
            if key not in allowed:
                raise StatementFault(
                    f"{path}.{key}", N_("%(path)s: thuộc tính này không có trong chuẩn xAPI; kiểm tra chữ hoa, chữ thường")
                )
    for key in required:
        if key not in value:
            raise StatementFault(f"{path}.{key}", N_("%(path)s: thiếu thuộc tính bắt buộc này"))
    return value


def array(value: Any, path: str) -> list[Any]:
    if type(value) is not list:
        raise StatementFault(path, N_("%(path)s: phải là một mảng JSON, không phải %(kind)s"), kind=kind_of(value))
    return value


def text(value: Any, path: str) -> str:
    if type(value) is not str:
        raise StatementFault(path, N_("%(path)s: phải là một chuỗi ký tự, không phải %(kind)s"), kind=kind_of(value))
    return value


def boolean(value: Any, path: str) -> bool:
    if type(value) is not bool:
        raise StatementFault(path, N_("%(path)s: phải là true hoặc false, không phải %(kind)s"), kind=kind_of(value))
    return value


def number(value: Any, path: str) -> float:
    if type(value) not in (int, float):  # a boolean is no number, though Python thinks so
        raise StatementFault(path, N_("%(path)s: phải là một số, không phải %(kind)s"), kind=kind_of(value))
    return value  # type: ignore[no-any-return]


def one_of(value: Any, path: str, allowed: Collection[str]) -> str:
    if text(value, path) not in allowed:
        raise StatementFault(path, N_("%(path)s: phải là một trong: %(allowed)s"), allowed=", ".join(sorted(allowed)))
    return value  # type: ignore[no-any-return]


def iri(value: Any, path: str) -> str:
    if not _IRI.fullmatch(text(value, path)):
        raise StatementFault(path, N_("%(path)s: phải là một IRI đầy đủ, có phần lược đồ như https:"))
    return value  # type: ignore[no-any-return]


def mailto(value: Any, path: str) -> str:
    if not _MAILTO.fullmatch(text(value, path)) or not value.startswith("mailto:"):
        raise StatementFault(path, N_("%(path)s: phải có dạng mailto:ten@don-vi.vn"))
    return value  # type: ignore[no-any-return]


def sha1(value: Any, path: str) -> str:
    if not _SHA1.fullmatch(text(value, path)):
        raise StatementFault(path, N_("%(path)s: phải là mã băm SHA-1 gồm 40 chữ số thập lục phân"))
    return value  # type: ignore[no-any-return]


def sha2(value: Any, path: str) -> str:
    if not _SHA2.fullmatch(text(value, path)):
        raise StatementFault(path, N_("%(path)s: phải là mã băm SHA-2 viết bằng chữ số thập lục phân"))
    return value  # type: ignore[no-any-return]


def uuid(value: Any, path: str) -> UUID:
    if not _UUID.fullmatch(text(value, path)):
        raise StatementFault(path, N_("%(path)s: phải là một UUID dạng 8-4-4-4-12 chữ số thập lục phân"))
    return UUID(value)


def media_type(value: Any, path: str) -> str:
    if not _MEDIA_TYPE.fullmatch(text(value, path)):
        raise StatementFault(path, N_("%(path)s: phải là một kiểu nội dung như application/pdf"))
    return value  # type: ignore[no-any-return]


def version(value: Any, path: str, spoken: Version) -> str:
    if not _VERSIONS[spoken].fullmatch(text(value, path)):
        allowed = "1.0, 1.0.x" if spoken is Version.V1 else "1.0, 1.0.x, 2.0, 2.0.x"
        raise StatementFault(path, N_("%(path)s: phiên bản phải là một trong: %(allowed)s"), allowed=allowed)
    return value  # type: ignore[no-any-return]


def moment(value: Any, path: str, *, spaced: bool = False) -> datetime:
    """A time of RFC 3339, in UTC, cut off to microseconds. `spaced` also accepts a space where the T belongs: in parameters, where a
    person or a client library writes one, and in version 2.0."""
    match = _MOMENT.fullmatch(text(value, path))
    if match is None or (match[4] == " " and not spaced):
        raise StatementFault(path, N_("%(path)s: phải là thời điểm theo RFC 3339, ví dụ 2026-11-22T09:21:07.125Z"))
    year, month, day, _separator, hour, minute, second, fraction, _zulu, sign, zone_hour, zone_minute = match.groups()
    offset = timedelta(hours=int(zone_hour or 0), minutes=int(zone_minute or 0))
    if sign == "-" and not offset:  # 4.5: the offset "unknown" is refused
        raise StatementFault(path, N_("%(path)s: múi giờ -00:00 không được dùng; viết Z hoặc +00:00"))
    leap = second == "60"
    try:
        if int(zone_hour or 0) > 23 or int(zone_minute or 0) > 59:
            raise ValueError
        local = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            59 if leap else int(second),
            int((fraction or "")[:6].ljust(6, "0")),
            UTC,
        )
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        raise StatementFault(path, N_("%(path)s: thời điểm này không có thật")) from None


def in_utc(moment_text: str) -> str:
    """A valid moment as version 2.0 gives it back: in UTC, to the digit as precise as it was written."""
    if moment_text[-1] == "Z" and moment_text[10] == "T":
        return moment_text
    match = _MOMENT.fullmatch(moment_text)
    whole = moment(moment_text, "timestamp", spaced=True).replace(microsecond=0, tzinfo=None).isoformat()
    leap, fraction = (match[7] == "60", match[8]) if match else (False, None)
    return f"{whole[:-2]}60Z" if leap else f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def duration(value: Any, path: str) -> str:
    if not _DURATION.fullmatch(text(value, path)):
        raise StatementFault(path, N_("%(path)s: phải là khoảng thời gian theo ISO 8601, ví dụ PT1H30M"))
    return value  # type: ignore[no-any-return]


def is_language(tag: str) -> bool:
    """Is this shaped as RFC 5646 wants: lengths of the parts, no singleton or variant twice?"""
    if _OLD_LANGUAGES.fullmatch(tag):
        return True
    if not _LANGUAGE.fullmatch(tag):
        return False
    parts = tag.lower().split("-")
    public = parts[: parts.index("x")] if "x" in parts else parts
    singletons = [part for part in public[1:] if len(part) == 1]
    if len(singletons) != len(set(singletons)):
        return False
    first = next((index for index, part in enumerate(public) if index and len(part) == 1), len(public))
    variants = [part for part in public[1:first] if len(part) > 4 or (len(part) == 4 and part[0].isdigit())]
    return len(variants) == len(set(variants))


@lru_cache(maxsize=512)
def _is_known_language(tag: str) -> bool:
    return is_language(tag)


def language(value: Any, path: str) -> str:
    """The same few tags come again and again; long ones are not worth remembering."""
    if not (_is_known_language if len(text(value, path)) < 16 else is_language)(value):
        raise StatementFault(path, N_("%(path)s: phải là thẻ ngôn ngữ theo RFC 5646, ví dụ vi hoặc en-US"))
    return value  # type: ignore[no-any-return]


def language_map(value: Any, path: str) -> None:
    for key, words in obj(value, path).items():
        where = f"{path}.{key}"
        language(key, where)
        text(words, where)


def extensions(value: Any, path: str) -> None:
    """Keys are IRIs; what stands under them is nobody's business but their owner's, null included."""
    for key in obj(value, path):
        iri(key, f"{path}.{key}")
