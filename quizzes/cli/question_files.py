"""`lms questions import FILE` and `export FILE` for files other than courses' own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE
from lms.kit.clock import local_date, now
from lms.kit.errors import N_, DomainError
from lms.kit.imports import last_done, undo_now
from lms.kit.imports.commands import record_cli_import
from lms.kit.imports.operations import finish_import
from lms.kit.unit import reading, settings, transaction, vault
from quizzes.interchange import FORMATS
from quizzes.interchange.document import Finding, Parsed, Weight, Written, picture_name
from quizzes.operations.importing import apply_import, read_questions, record_export, undo_import
from quizzes.queries.bank_list import BankFilter, found_items
from quizzes.queries.importing import Fate, ImportPlan, Options, plan_import
from quizzes.queries.items import drafts_of
from quizzes.queries.media import picture_contents
from quizzes.rules.bank import ItemState

MOST = 1_000_000
KIND = "questions"


def import_file(path: Path, format_name: str, options: Mapping[str, Any], *, dry_run: bool, as_json: bool) -> None:
    """Show what a file would change, and change it unless it is a dry run. Ends with 1 where any question was refused."""
    content = path.read_bytes()
    parsed = read_questions(content, path.name, format_name)
    if dry_run:
        with reading() as session:
            plan = plan_import(session, parsed, Options.of(options))
    else:
        with transaction() as session:
            plan = _carry_out(session, path, content, parsed, {**options, "format": format_name})
    click.echo(json.dumps(_as_json(plan, dry_run), ensure_ascii=False, indent=2) if as_json else _in_words(plan, dry_run))
    if plan.of(Fate.REFUSED):
        sys.exit(1)


def _carry_out(session: Session, path: Path, content: bytes, parsed: Parsed, options: dict[str, Any]) -> ImportPlan:
    """All sound questions of the file, recorded like an import of the pages, so that it can be taken back."""
    plan, at = plan_import(session, parsed, Options.of(options)), now()
    pending = record_cli_import(
        session, vault(), SERVICE, kind=KIND, file_name=path.name, content=content, checked=plan.checked(), options=options, at=at
    )
    finish_import(session, pending, apply_import(session, SERVICE, plan, path.name, at, run_id=pending.id), at)
    return plan


def _text(finding: Finding) -> str:
    return str(_(finding.problem.message, **finding.problem.values))


def _as_json(plan: ImportPlan, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "counts": {**plan.counts, "refused": len(plan.of(Fate.REFUSED))},
        "findings": [{"weight": str(one.weight), "line": one.line, "text": _text(one)} for one in plan.findings],
        "items": [
            {
                "place": item.entry.place,
                "line": item.entry.line,
                "name": item.entry.name,
                "code": item.code,
                "fate": str(item.fate),
                "state": str(item.state),
                "findings": [{"weight": str(one.weight), "line": one.line, "text": _text(one)} for one in item.findings],
            }
            for item in plan.items
        ],
    }


def _in_words(plan: ImportPlan, dry_run: bool) -> str:
    marks = {Weight.ERROR: "✗", Weight.LOST: "−", Weight.NOTE: "·"}
    lines = [f"{marks[one.weight]} {_text(one)}" for one in plan.findings]
    for item in plan.items:
        place = _("dòng %(line)s", line=item.entry.line) if item.entry.line else _("câu %(place)s", place=item.entry.place)
        lines += [f"{marks[one.weight]} {place} ({item.entry.name}): {_text(one)}" for one in item.findings]
    values = {**plan.counts, "refused": len(plan.of(Fate.REFUSED))}
    summary = _("%(new)s câu mới, %(changed)s phiên bản mới, %(unchanged)s không đổi, %(refused)s không nhập.", **values)
    return "\n".join([*lines, _("Chạy thử, chưa ghi gì: %(summary)s", summary=summary) if dry_run else summary])


def export_file(path: Path, format_name: str, *, topic: str, state: str) -> None:
    """Write items to a file; what the format cannot say is named on standard error."""
    zone = settings().zone
    with reading() as session:
        codes = found_items(session, BankFilter(topic=topic, state=state), local_date(now(), zone), MOST)
        drafts = drafts_of(session, codes, state=ItemState(state))
        pictures = picture_contents(session, {name for draft in drafts if (name := picture_name(draft))})
    if not drafts:
        raise DomainError(N_("Không có câu hỏi nào như vậy để xuất."), code="nothing_to_export")
    written: Written = FORMATS[format_name].write(drafts, pictures)
    path.write_bytes(written.content)
    with transaction() as session:
        record_export(session, SERVICE, format_name, now(), items=len(drafts), filters={"topic": topic, "state": state})
    for loss in written.losses:
        click.echo(f"− {loss.code}: {_text(loss.finding)}", err=True)
    click.echo(_("Đã ghi %(count)s câu vào %(path)s.", count=len(drafts), path=path))


def undo_last() -> None:
    """Take the last import back, as long as nobody has used anything of it."""
    with transaction() as session:
        run_id = last_done(session, KIND)
        if run_id is None:
            raise DomainError(N_("Chưa có lần nhập câu hỏi nào để hoàn tác."), code="nothing_to_withdraw")
        done = undo_now(session, SERVICE, run_id, undo_import, now())
    click.echo(_("Đã hoàn tác: bỏ %(new)s câu, %(changed)s câu trở về phiên bản trước.", **done))
