"""The same document for the e-office: DOCX in Times New Roman with the layout of the PDF, to be edited, numbered and signed there. The
same document gives the same bytes. Charts stay in the PDF; their tables are here."""

from __future__ import annotations

import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from lms.reports.documents.pieces import Annex, Chart, Document, Heading, Paragraph, Table

FONT = "Times New Roman"
TOGETHER = 15  # rows: a table no longer than this is kept on one page
CENTRE, LEFT, RIGHT, JUSTIFIED = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)
_PORTRAIT, _LANDSCAPE = (Mm(210), Mm(297)), (Mm(297), Mm(210))
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)  # entries of an archive bear a time: always this one


def draft(document: Document) -> bytes:
    """The document as an editable file."""
    file = docx.Document()
    _styles(file)
    _page(file.sections[0], _PORTRAIT)
    _properties(file, document)
    if document.draft:
        _line(file, "DỰ THẢO", LEFT, 13, bold=True)
    _letterhead(file, document)
    _line(file, document.kind, CENTRE, 14, bold=True, before=12)
    _line(file, document.subject, CENTRE, 14, bold=True)
    _rule(file, Mm(45))
    if document.addressee:
        _line(file, f"Kính gửi: {document.addressee}", CENTRE, 14, after=8)
    for piece in document.pieces:
        _piece(file, piece)
    _signature(file, document)
    for line in (*document.proof.lines, *((f"Tra cứu tại: {document.proof.address}",) if document.proof.address else ())):
        _line(file, line, LEFT, 9)
    for annex in document.annexes:
        _annex(file, annex)
    return _same_bytes(file)


def _styles(file: Any) -> None:
    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(14)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    normal.element.rPr.append(language)
    normal.paragraph_format.space_after = Pt(0)
    for level in (1, 2):
        style = file.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(14), True, False
        style.font.color.rgb = None
        style.element.rPr.rFonts.attrib.clear()
        for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            style.element.rPr.rFonts.set(qn(kind), FONT)
        for colour in style.element.rPr.findall(qn("w:color")):
            colour.attrib.clear()
            colour.set(qn("w:val"), "000000")
        style.paragraph_format.first_line_indent = Mm(12.7)
        style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(6)


def _page(section: Any, size: tuple[Any, Any]) -> None:
    section.orientation = WD_ORIENT.LANDSCAPE if size is _LANDSCAPE else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = size
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = Mm(20), Mm(20), Mm(30), Mm(15)
    section.header_distance = Mm(8)
    section.different_first_page_header_footer = True
    section.header.is_linked_to_previous = section.first_page_header.is_linked_to_previous = False
    numbers = OxmlElement("w:pgNumType")
    numbers.set(qn("w:start"), "1")
    section._sectPr.append(numbers)
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = CENTRE
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = paragraph.add_run()
        run.font.size = Pt(14)
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _properties(file: Any, document: Document) -> None:
    moment = datetime.fromisoformat(document.built_at).replace(tzinfo=None)
    core = file.core_properties
    core.title, core.author, core.keywords, core.language = document.title[:255], document.letterhead.issuer[:255], document.key, "vi-VN"
    core.created = core.modified = moment
    core.last_modified_by, core.revision, core.comments = "", 1, ""


def _letterhead(file: Any, document: Document) -> None:
    head = document.letterhead
    table = file.add_table(rows=2, cols=2)
    table.autofit = False
    _inset(table, Mm(0))
    _two_columns(table, Mm(70), Mm(95))
    left, right = table.rows[0].cells
    if head.above:
        _line(left, head.above.upper(), CENTRE, 12)
    _line(left, head.issuer.upper(), CENTRE, 12, bold=True)
    _rule(left, Mm(25))
    _line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", CENTRE, 12, bold=True)
    _line(right, "Độc lập - Tự do - Hạnh phúc", CENTRE, 13, bold=True)
    _rule(right, Mm(57))
    _line(table.rows[1].cells[0], head.number, CENTRE, 13, before=4)
    _line(table.rows[1].cells[1], head.place, CENTRE, 13, italic=True, before=4)
    for cell in (left, right, *table.rows[1].cells):
        cell._tc.remove(cell.paragraphs[0]._p)  # a new cell begins with an empty paragraph


def _piece(file: Any, piece: Heading | Paragraph | Table | Chart) -> None:
    if isinstance(piece, Heading):
        file.add_heading(piece.text, piece.level)
    elif isinstance(piece, Paragraph):
        paragraph = _line(file, piece.text, JUSTIFIED, 14, italic=piece.italic, before=6)
        paragraph.paragraph_format.first_line_indent = Mm(12.7)
        paragraph.paragraph_format.line_spacing = 1.15
    else:
        table = piece.table if isinstance(piece, Chart) else piece
        caption = _line(file, table.caption, CENTRE, 13, italic=True, before=8, after=4)
        caption.paragraph_format.keep_with_next = True
        _table(file, table, Mm(165), 12, 12)
        _line(file, "", LEFT, 6)


def _table(file: Any, table: Table, width: int, size: float, head_size: float) -> None:
    grid = file.add_table(rows=1, cols=len(table.columns), style="Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    shares = sum(column.width for column in table.columns)
    widths = [int(width * column.width / shares) for column in table.columns]
    for cell, column in zip(grid.rows[0].cells, table.columns, strict=True):
        _fill(cell, column.label, CENTRE, head_size, bold=True)
    _inset(grid, Mm(0.8))
    repeated = OxmlElement("w:tblHeader")
    grid.rows[0]._tr.get_or_add_trPr().append(repeated)
    for index, row in enumerate(table.rows):
        cells = grid.add_row().cells
        for cell, text, column in zip(cells, row, table.columns, strict=True):
            _fill(cell, text, LEFT if column.is_text else RIGHT, size, bold=index in table.strong)
    if len(table.rows) <= TOGETHER:
        for row in grid.rows[:-1]:
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    for column, column_width in zip(grid.columns, widths, strict=True):
        column.width = column_width


def _signature(file: Any, document: Document) -> None:
    table = file.add_table(rows=1, cols=2)
    table.autofit = False
    left, right = table.rows[0].cells
    _two_columns(table, Mm(75), Mm(90))
    _line(left, "Nơi nhận:", LEFT, 12, bold=True, italic=True)
    for name in document.letterhead.recipients:
        _line(left, name, LEFT, 11)
    _line(right, document.letterhead.signer.upper(), CENTRE, 14, bold=True)
    for _ in range(5):
        _line(right, "", CENTRE, 14)
    for cell in (left, right):
        cell._tc.remove(cell.paragraphs[0]._p)


def _annex(file: Any, annex: Annex) -> None:
    _page(file.add_section(WD_SECTION.NEW_PAGE), _LANDSCAPE)
    _line(file, annex.label, CENTRE, 14, bold=True)
    _line(file, annex.title, CENTRE, 13, bold=True)
    _line(file, annex.reference, CENTRE, 13, italic=True, after=6)
    _table(file, annex.table, Mm(252), 10.5, 9.5)
    for note in annex.notes:
        _line(file, note, LEFT, 11, italic=True)


def _line(
    place: Any, text: str, alignment: Any, size: float, *, bold: bool = False, italic: bool = False, before: float = 0, after: float = 0
) -> Any:
    paragraph = place.add_paragraph()
    _run(paragraph, text, size, bold=bold, italic=italic)
    paragraph.alignment = alignment
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    return paragraph


def _two_columns(table: Any, left: int, right: int) -> None:
    """Some programs read the width of columns, others that of cells."""
    table.columns[0].width, table.columns[1].width = left, right
    for row in table.rows:
        row.cells[0].width, row.cells[1].width = left, right


def _inset(table: Any, width: int) -> None:
    """How far texts stay from the sides of their cells."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), str(round(width / 635)))
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    table._tbl.tblPr.append(margins)


def _fill(cell: Any, text: str, alignment: Any, size: float, *, bold: bool) -> None:
    paragraph = cell.paragraphs[0]
    _run(paragraph, text, size, bold=bold, italic=False)
    paragraph.alignment = alignment


def _run(paragraph: Any, text: str, size: float, *, bold: bool, italic: bool) -> None:
    run = paragraph.add_run(_printable(text))
    run.font.size, run.font.bold, run.font.italic = Pt(size), bold, italic


def _rule(place: Any, width: int) -> None:
    """A line in the middle, so long: the border of an empty paragraph that is set in from both sides."""
    paragraph = _line(place, "", CENTRE, 4)
    whole = Mm(165) if not hasattr(place, "_tc") else (Mm(70) if width == Mm(25) else Mm(95))
    inset = (whole - width) // 2
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = inset
    borders = OxmlElement("w:pBdr")
    top = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    paragraph._p.get_or_add_pPr().append(borders)


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def _same_bytes(file: Any) -> bytes:
    """Save, and write the archive anew without the time of day."""
    written, result = BytesIO(), BytesIO()
    file.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(name))
    return result.getvalue()
