"""Response processing, under the names of QTI 2: how an answer becomes a score."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

SCORE, RESPONSE = "SCORE", "RESPONSE"


def made(name: str, *inside: Element, **attributes: str) -> Element:
    element = Element(name, attributes)
    element.extend(inside)
    return element


def variable(name: str) -> Element:
    return made("variable", identifier=name)


def correct(name: str) -> Element:
    return made("correct", identifier=name)


def number(value: str) -> Element:
    element = made("baseValue", baseType="float")
    element.text = value
    return element


def integer(value: int) -> Element:
    element = made("baseValue", baseType="integer")
    element.text = str(value)
    return element


def multiple(*inside: Element) -> Element:
    return made("multiple", *inside)


def set_value(name: str, expression: Element) -> Element:
    return made("setOutcomeValue", expression, identifier=name)


def is_right(name: str) -> Element:
    return made("match", variable(name), correct(name))


def is_mapped(name: str) -> Element:
    """Is a word one of those that earn something?"""
    return made("gt", made("mapResponse", identifier=name), number("0"))


def is_near(value: Element, right: Element, tolerance: str, *, relative: bool) -> Element:
    """`tolerance` is a number, or so many in a hundred where it is relative."""
    mode = "relative" if relative else "absolute"
    return made("equal", value, right, toleranceMode=mode, tolerance=f"{tolerance} {tolerance}")


def point_if(test: Element) -> Element:
    """One point, or none."""
    return made(
        "responseCondition",
        made("responseIf", test, set_value(SCORE, number("1"))),
        made("responseElse", set_value(SCORE, number("0"))),
    )


def point_if_all(tests: Iterable[Element]) -> Element:
    found = list(tests)
    return point_if(made("and", *found) if len(found) > 1 else found[0])


def share_for_each(tests: Iterable[Element]) -> list[Element]:
    """An equal share of the point for each test that holds."""
    found = list(tests)
    share = decimal(Fraction(1, len(found)))
    return [
        made(
            "responseCondition",
            made("responseIf", test, set_value(SCORE, made("sum", variable(SCORE), number(share)))),
        )
        for test in found
    ]


def mapped_score(name: str, *, most: int | None = None) -> Element:
    """What the map of the response earns; nothing when more than `most` are chosen."""
    earned = set_value(SCORE, made("mapResponse", identifier=name))
    if most is None:
        return earned
    too_many = made("gt", made("containerSize", variable(name)), integer(most))
    return made(
        "responseCondition",
        made("responseIf", too_many, set_value(SCORE, number("0"))),
        made("responseElse", earned),
    )


def add_mapping(declaration: Element, values: Iterable[tuple[str, str]], *, default: str = "0", **attributes: str) -> None:
    mapping = SubElement(declaration, "mapping", {"defaultValue": default, **attributes})
    for key, value in values:
        SubElement(mapping, "mapEntry", {"mapKey": key, "mappedValue": value})


def decimal(share: Fraction) -> str:
    return f"{float(share):.10g}"
