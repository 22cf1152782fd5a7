"""`lms xapi forward …`, `lms xapi export`, `lms xapi import`"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from flask_babel import gettext as _

from lms.agencies.queries import agency_by_code
from lms.kit.actors import SERVICE
from lms.kit.clock import local_date, local_midnight, now
from lms.kit.errors import N_, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.lrs.document_transfer import export_documents, import_documents
from lms.lrs.forwarder import Forwarder, configure, due
from lms.lrs.operations import forwarding
from lms.lrs.operations.transfer import record_export, record_import
from lms.lrs.queries.forwarding import targets
from lms.lrs.rules.credentials import authority_of
from lms.lrs.transfer import export_statements, import_statements

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("forward", invoke_without_command=True)
@click.pass_context
def forward(context: click.Context) -> None:
    """Send what is stored here to stores outside. Without a further word: send now what is due, then tell how far each store is."""
    if context.invoked_subcommand is not None:
        return
    configure(now())
    forwarder = Forwarder()
    for name in due(now()):
        forwarder.drain(name)
    context.invoke(status)


@forward.command("status")
@click.option("--json", "as_json", is_flag=True)
def status(as_json: bool = False) -> None:
    """How far each store is."""
    with reading() as session:
        found = targets(session)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for target in found:
        how = "paused" if target.paused_at else (target.error or "ok")
        click.echo(f"{target.name:<16} sent {target.sent}  waiting {target.waiting}  set aside {target.faults}  {how}")


@forward.command("add")
@click.argument("name")
@click.argument("endpoint")
@click.option("--key", required=True)
@click.option("--secret", required=True, envvar="LMS_XAPI_TARGET_SECRET", prompt=True, hide_input=True)
@click.option("--version", "xapi_version", type=click.Choice(forwarding.VERSIONS), default=forwarding.VERSIONS[0])
@click.option("--verb", "verbs", multiple=True, help="Only this verb (IRI); may be given several times.")
@click.option("--agency", help="Only people of this agency (code) and those below it.")
@click.option("--since", type=DAY, help="Only what is stored from this day on; default: everything.")
def add(  # noqa: PLR0917  # click passes options by name
    name: str, endpoint: str, key: str, secret: str, xapi_version: str, verbs: tuple[str, ...], agency: str | None, since: datetime | None
) -> None:
    """Have statements sent to the store at ENDPOINT."""
    at, zone = now(), settings().zone
    with transaction() as session:
        agency_id = None
        if agency is not None:
            agency_id = agency_by_code(session, agency, local_date(at, zone))
            if agency_id is None:
                raise DomainError(N_("Không có đơn vị mã %(code)s"), field="agency", code=agency)
        begins = None if since is None else local_midnight(since.date(), zone)
        new = forwarding.NewTarget(name, endpoint, key, secret, xapi_version, verbs, agency_id, begins)
        forwarding.add_target(session, SERVICE, new, at)


@forward.command("replay")
@click.argument("name")
@click.argument("since", type=DAY)
def replay(name: str, since: datetime) -> None:
    """Send again what was stored from a day on."""
    with transaction() as session:
        forwarding.replay_target(session, SERVICE, name, local_midnight(since.date(), settings().zone), now())


@forward.command("pause")
@click.argument("name")
def pause(name: str) -> None:
    """Send nothing more until it is resumed."""
    with transaction() as session:
        forwarding.pause_target(session, SERVICE, name, now())


@forward.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Go on where it stopped, at once."""
    with transaction() as session:
        forwarding.resume_target(session, SERVICE, name, now())


@forward.command("retry")
@click.argument("name")
def retry(name: str) -> None:
    """Send again what was set aside."""
    with transaction() as session:
        click.echo(forwarding.retry_faults(session, SERVICE, name, now()))


@forward.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Forget this store."""
    with transaction() as session:
        forwarding.remove_target(session, SERVICE, name, now())


@click.command("export")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", type=DAY, help="Stored from this day on.")
@click.option("--until", type=DAY, help="Stored before this day.")
def export(path: Path, since: datetime | None, until: datetime | None) -> None:
    """Write all statements to PATH, one a line; go on with a file that was broken off. Attachments go to PATH.attachments, documents
    (states and profiles, all of them, as they are now) to PATH.documents."""
    zone = settings().zone
    begins, ends = (None if day is None else local_midnight(day.date(), zone) for day in (since, until))
    done = export_statements(path, begins, ends, told=lambda count: click.echo(f"{count}", err=True))
    counts = {"statements": done.statements, "contents": done.contents, "documents": export_documents(path)}
    with transaction() as session:
        record_export(session, SERVICE, path.name, counts, now())
    click.echo(msgspec.json.encode({**counts, "resumed": done.resumed}).decode())


@click.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="What the other store is called; it answers for its statements. Default: whoever is named in each.")
@click.option("--dry-run", is_flag=True, help="Only check.")
@click.pass_context
def import_(context: click.Context, path: Path, source: str | None, dry_run: bool) -> None:
    """Take in another store's statements, one a line, with PATH.attachments and PATH.documents where they are. What is known already
    stays as it is."""
    authority: dict[str, Any] | None = None
    if source is not None:
        authority = authority_of(settings().base_url, f"import-{source}", source)
    done = import_statements(path, authority, dry_run=dry_run, told=lambda count: click.echo(f"{count}", err=True))
    documents, bad_documents = import_documents(path, dry_run=dry_run)
    counts = {"read": done.read, "refused": done.refused, "without_content": done.without_content, "documents": documents}
    counts |= {"documents_refused": len(bad_documents)} if bad_documents else {}
    if not dry_run:
        with transaction() as session:
            record_import(session, SERVICE, path.name, counts, now())
    for fault in done.faults:
        click.echo(_("Dòng %(number)s: %(reason)s", number=fault.number, reason=translated(fault.reason)), err=True)
    for fault in bad_documents[:100]:
        click.echo(_("Tài liệu, dòng %(number)s: %(reason)s", number=fault.number, reason=translated(fault.reason)), err=True)
    click.echo(msgspec.json.encode(counts).decode())
    if done.refused or bad_documents:
        context.exit(1)
