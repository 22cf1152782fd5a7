"""`lms audit …`"""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from flask_babel import gettext as _

from lms.audit import jobs, queries
from lms.audit.reading import told
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.formats import number
from lms.kit.unit import reading


@click.group("audit")
def audit() -> None:
    """The audit's chain of hashes."""


@audit.command("seal")
def seal() -> None:
    """Add every entry not yet in the chain to it."""
    click.echo(_("Đã niêm phong %(count)s mục.", count=number(jobs.seal(now(), back=None))))


@audit.command("head")
def head() -> None:
    """Print the chain's end: its number and hash."""
    with reading() as session:
        found = queries.head(session)
    if found is None:
        raise DomainError("Nhật ký chưa có mục nào được niêm phong.", code="no_chain")
    click.echo(f"{found.sequence} {found.hash}")


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(*, as_json: bool) -> None:
    """Compute the chain again; exit 1 where an entry was altered or is gone."""
    with reading() as session:
        found = queries.verify(session)
        waiting = queries.unsealed(session)
    if as_json:
        click.echo(json.dumps(_as_json(found, waiting)))
    else:
        click.echo(told(found, waiting), err=found.fault is not None)
    if found.fault is not None:
        sys.exit(1)


def _as_json(found: queries.Verified, waiting: queries.Unsealed) -> dict[str, Any]:
    return {
        "ok": found.fault is None,
        "links": found.links,
        "forgotten": found.forgotten,
        "head": {"sequence": found.head.sequence, "hash": found.head.hash} if found.head else None,
        "fault": found.fault,
        "sequence": found.sequence,
        "entry_id": str(found.entry_id) if found.entry_id else None,
        "unsealed": waiting.count,
        "unsealed_since": waiting.since.isoformat() if waiting.since else None,
    }
