"""The three editions of QTI that are written and read: their names for the same things.

Everything is made and understood under the names of QTI 2 (`choiceInteraction`, `responseIdentifier`); QTI 3.0 calls its own elements
`qti-choice-interaction`, its attributes `response-identifier`, and leaves those of HTML alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from quizzes.interchange.safe_xml import local

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_DASH = re.compile(r"-([a-z0-9])")
# What of HTML is written into items; QTI 3.0 gives these no prefix.
_HTML = frozenset(["p", "div", "span", "strong", "br", "ul", "ol", "li", "img", "object"])
_QTI = "qti-"


@dataclass(frozen=True, slots=True)
class Edition:
    """`item_type` is what a manifest calls an item of it; `templates` is where its response processing templates are said to be."""

    number: str
    namespace: str
    schema: str
    item_type: str
    templates: str
    manifest_namespace: str
    manifest_schema: str
    manifest_name: str
    manifest_version: str

    @property
    def dashes(self) -> bool:
        return self.number.startswith("3")


EDITIONS: Mapping[str, Edition] = {
    "2.1": Edition(
        "2.1",
        "http://www.imsglobal.org/xsd/imsqti_v2p1",
        "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd",
        "imsqti_item_xmlv2p1",
        "http://www.imsglobal.org/question/qti_v2p1/rptemplates/",
        "http://www.imsglobal.org/xsd/imscp_v1p1",
        "http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd",
        "QTIv2.1 Package",
        "1.0.0",
    ),
    "2.2": Edition(
        "2.2",
        "http://www.imsglobal.org/xsd/imsqti_v2p2",
        "http://www.imsglobal.org/xsd/qti/qtiv2p2/imsqti_v2p2.xsd",
        "imsqti_item_xmlv2p2",
        "http://www.imsglobal.org/question/qti_v2p2/rptemplates/",
        "http://www.imsglobal.org/xsd/imscp_v1p1",
        "http://www.imsglobal.org/xsd/qti/qtiv2p2/qtiv2p2_imscpv1p2_v1p0.xsd",
        "QTIv2.2 Package",
        "1.0.0",
    ),
    "3.0": Edition(
        "3.0",
        "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
        "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd",
        "imsqti_item_xmlv3p0",
        "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/",
        "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
        "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqtiv3p0_imscpv1p2_v1p0.xsd",
        "QTI Package",
        "3.0.0",
    ),
}


def in_edition(root: Element, edition: Edition) -> Element:
    """The tree, made here under the names of QTI 2, as this edition writes it. The tree itself is used up."""
    if edition.dashes:
        for element in root.iter():
            if element.tag not in _HTML:
                element.tag = _QTI + _dashed(element.tag)
            element.attrib = {_dashed(name): value for name, value in element.attrib.items()}
    about = {
        "xmlns": edition.namespace,
        "xmlns:xsi": _XSI,
        "xsi:schemaLocation": f"{edition.namespace} {edition.schema}",
    }
    root.attrib = {**about, **root.attrib}
    return root


def in_common(root: Element) -> Element:
    """A tree as it was read, under the names of QTI 2 and without namespaces. The tree itself is used up."""
    for element in root.iter():
        name = local(element)
        element.tag = _joined(name.removeprefix(_QTI)) if name.startswith(_QTI) else name
        element.attrib = {_attribute(key): value for key, value in element.attrib.items() if not key.startswith("{")}
    return root


def _attribute(name: str) -> str:
    return name if name.startswith(("data-", "aria-")) else _joined(name)


def _dashed(name: str) -> str:
    return name if ":" in name else _CAPITAL.sub(r"-\1", name).lower()


def _joined(name: str) -> str:
    return _DASH.sub(lambda found: found[1].upper(), name)
