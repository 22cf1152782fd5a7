"""Imports that a command carries out at once: they stand in the list of imports like those of the pages, and can be taken back alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from lms.kit.actors import Actor
from lms.kit.imports.models import ImportRun
from lms.kit.imports.operations import PendingImport, record_check
from lms.kit.imports.rules import Checked, ImportState
from lms.kit.secrets import Vault


def record_cli_import(
    session: Session,
    vault: Vault,
    actor: Actor,
    *,
    kind: str,
    file_name: str,
    content: bytes,
    checked: Checked,
    options: dict[str, Any],
    at: datetime,
) -> PendingImport:
    """Keep a checked file as an import that is being applied in this transaction; `finish_import` ends it."""
    run_id = record_check(session, actor, vault, kind=kind, file_name=file_name, content=content, checked=checked, options=options, at=at)
    session.execute(update(ImportRun).where(ImportRun.id == run_id).values(state=ImportState.APPLYING))
    return PendingImport(
        id=run_id,
        kind=kind,
        file_name=file_name,
        options=options,
        skip_faulty=False,
        fingerprint=checked.fingerprint,
        actor=actor,
        content=content,
    )
