"""`lms questions …`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask_babel import gettext as _

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.unit import transaction
from quizzes.cli.question_files import export_file, import_file, undo_last
from quizzes.interchange import FORMATS as FILE_FORMATS
from quizzes.interchange import yaml_file
from quizzes.operations.bank import import_items
from quizzes.queries.bank import known_items

BUNDLED = Path(__file__).parents[2] / "courses" / "content"
FORMATS = {"yaml": yaml_file.parse}


@click.group("questions", help="Ngân hàng câu hỏi: nhập từ tệp.")
def questions_group() -> None:
    """Groups the commands about the question bank."""


@questions_group.command("import")
@click.argument("source", required=False, type=click.Path(exists=True, path_type=Path), default=BUNDLED)
@click.option("--format", "file_format", type=click.Choice(sorted({*FORMATS, *FILE_FORMATS})), help="Để trống: tự nhận biết.")
@click.option("--dry-run", is_flag=True, help="Chỉ kiểm tra và báo từng câu, không ghi gì.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@click.option("--state", type=click.Choice(["draft", "in_review", "approved"]), default="draft", show_default=True)
@click.option("--topic", default="", help="Chủ đề cho câu không ghi chủ đề.")
@click.option("--level", type=click.Choice(["", "NB", "TH", "VD"]), default="", help="Mức độ cho câu không ghi mức độ.")
@click.option("--no-new-versions", is_flag=True, help="Không nhập câu đã có mã mà nội dung khác.")
def import_questions(source: Path, file_format: str | None, *, dry_run: bool, as_json: bool, no_new_versions: bool, **options: str) -> None:
    """Nhập câu hỏi từ SOURCE: một tệp, hoặc mọi tệp questions.yaml trong thư mục (mặc định: các khóa học đi kèm).

    Tệp questions.yaml được nhập trọn vẹn hoặc không nhập gì và vào ngân hàng ngay. Tệp GIFT, XLSX, JSON, Moodle XML, QTI được báo từng câu:
    câu đúng được nhập với tình trạng của --state, câu lỗi thì không. Câu không đổi giữ nguyên, câu đổi nội dung thành phiên bản mới.
    """
    if file_format in FILE_FORMATS or (file_format is None and source.is_file() and source.suffix not in (".yaml", ".yml")):
        chosen = {**options, "new_versions": not no_new_versions}
        import_file(source, file_format or "", chosen, dry_run=dry_run, as_json=as_json)
        return
    if dry_run or as_json:
        raise click.UsageError(_("--dry-run và --json không dùng với questions.yaml"))
    paths = sorted(source.rglob("questions.yaml")) if source.is_dir() else [source]
    if not paths:
        click.echo(_("%(folder)s: không có tệp questions.yaml nào.", folder=source), err=True)
        sys.exit(1)
    refused = sum(not _import_one(path, file_format or "yaml", only_new=no_new_versions) for path in paths)
    if refused:
        click.echo(_("%(count)s tệp chưa nhập được; các tệp khác đã nhập xong.", count=refused), err=True)
        sys.exit(1)


def _import_one(path: Path, file_format: str, *, only_new: bool) -> bool:
    """Import one file whole or not at all; whether it could be. `only_new`: items the bank has stay as they are there."""
    parsed = FORMATS[file_format](path.read_bytes())
    for fault in parsed.faults:
        place = f"{path}: {fault.item}" if fault.item else str(path)
        click.echo(f"{place}: {_(fault.problem.message, **fault.problem.values)}", err=True)
    if parsed.faults:
        return False
    with transaction() as session:
        known = known_items(session, [item.code for item in parsed.items]) if only_new else {}
        items = [item for item in parsed.items if item.code not in known]
        done = import_items(session, SERVICE, items, str(path), now())
    click.echo(
        _(
            "%(path)s: thêm %(created)s, phiên bản mới %(changed)s, không đổi %(unchanged)s câu.",
            path=path,
            created=done.created,
            changed=done.changed,
            unchanged=done.unchanged + len(known),
        )
    )
    return True


@questions_group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--format", "file_format", type=click.Choice(sorted(FILE_FORMATS)), default="json", show_default=True)
@click.option("--topic", default="", help="Chủ đề hoặc khóa học, ví dụ CB1.3 hoặc CB1; để trống: mọi chủ đề.")
@click.option("--state", type=click.Choice(["draft", "in_review", "approved"]), default="approved", show_default=True)
def export_questions(file: Path, file_format: str, *, topic: str, state: str) -> None:
    """Ghi câu hỏi cùng đáp án ra FILE; phần mà dạng tệp không ghi được thì nêu tên."""
    export_file(file, file_format, topic=topic, state=state)


@questions_group.command("undo-import")
def undo_import() -> None:
    """Hoàn tác lần nhập tệp câu hỏi cuối cùng, khi chưa câu nào của nó được dùng hoặc sửa."""
    undo_last()
