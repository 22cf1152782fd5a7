"""Question files in and out, one format a file; pure.

`questions.yaml` of courses stands apart (`yaml_file`): it is part of a course's content and is read whole or not at all. Every other
format is one of `FORMATS`.
"""

from __future__ import annotations

from quizzes.interchange import qti
from quizzes.interchange.document import Format
from quizzes.interchange.gift import GiftFormat
from quizzes.interchange.json_file import JsonFormat
from quizzes.interchange.moodle_xml import MoodleXml
from quizzes.interchange.xlsx import XlsxFormat

_ALL: tuple[Format, ...] = (
    JsonFormat(),
    GiftFormat(),
    XlsxFormat(),
    MoodleXml(),
    *qti.FORMATS,
)
FORMATS: dict[str, Format] = {one.name: one for one in _ALL}


def sniffed(data: bytes, file_name: str = "") -> Format | None:
    """The format of a file: of those that recognise its content the one whose suffix it has, else the first; None: none of ours."""
    suffixed = [one for one in FORMATS.values() if file_name.lower().endswith(one.suffixes)]
    others = [one for one in FORMATS.values() if one not in suffixed]
    return next((one for one in (*suffixed, *others) if one.recognises(data)), None)
