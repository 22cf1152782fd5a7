"""`lms xapi credentials|forward|export|import|partitions`"""

from __future__ import annotations

import click
import msgspec

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.unit import reading, transaction
from lms.lrs import operations, queries
from lms.lrs.queries.partitions import partitions as attached
from lms.lrs.rules.credentials import DEFAULT_SCOPES, Scope
from lms.lrs.transfer_cli import export, forward, import_


@click.group("xapi")
def xapi() -> None:
    """The xAPI record store."""


@xapi.group("credentials")
def credentials() -> None:
    """Keys with which other systems read and write statements."""


@credentials.command("add")
@click.argument("label")
@click.option("--scope", "scopes", multiple=True, type=click.Choice([str(scope) for scope in Scope]), help="May be given several times.")
@click.option("--key", help="Default: random.")
@click.option("--requests", type=int, help="Most requests in a minute; default: as many as it likes.")
@click.option("--max-body", type=int, help="Most octets of a request; default: as many as the store takes.")
@click.option("--json", "as_json", is_flag=True)
def add(  # noqa: PLR0917  # click passes options by name
    label: str, scopes: tuple[str, ...], key: str | None, requests: int | None, max_body: int | None, as_json: bool
) -> None:
    """Make a credential for LABEL (who will use it). The secret is shown now and never again."""
    with transaction() as session:
        made = operations.add_credential(
            session,
            SERVICE,
            label,
            scopes or tuple(str(scope) for scope in DEFAULT_SCOPES),
            now(),
            key=key,
            requests_per_minute=requests,
            max_body=max_body,
        )
    if as_json:
        click.echo(msgspec.json.encode({"key": made.key, "secret": made.secret}).decode())
    else:
        click.echo(f"key     {made.key}\nsecret  {made.secret}")


@credentials.command("revoke")
@click.argument("key")
def revoke(key: str) -> None:
    """End a credential at once. What was stored with it stays."""
    with transaction() as session:
        operations.revoke_credential(session, SERVICE, key, now())
    click.echo(f"{key} revoked")


@credentials.command("list")
@click.option("--json", "as_json", is_flag=True)
def show(as_json: bool) -> None:
    """All credentials, newest first."""
    with reading() as session:
        found = queries.credentials(session)
    if as_json:
        rows = [
            {
                "key": row.key,
                "label": row.label,
                "scopes": row.scopes,
                "created_at": row.created_at,
                "revoked_at": row.revoked_at,
                "last_used_at": row.last_used_at,
                "requests_per_minute": row.requests_per_minute,
                "max_body": row.max_body,
            }
            for row in found
        ]
        click.echo(msgspec.json.encode(rows).decode())
        return
    for row in found:
        state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "in use"
        used = f"last used {row.last_used_at:%Y-%m-%d %H:00} UTC" if row.last_used_at else "never used"
        limits = [f"{row.requests_per_minute} requests a minute"] if row.requests_per_minute else []
        limits += [f"{row.max_body} octets a request"] if row.max_body else []
        told = f"{row.key:<20} {state:<18} {used:<31} {row.label}  [{' '.join(row.scopes)}]"
        click.echo("  ".join([told, *limits]))


for command in (forward, export, import_):
    xapi.add_command(command)


@xapi.command("partitions")
@click.option("--detach", metavar="MONTH", help="Take a month that is over (2026-11) out of the store, for archive.")
@click.option("--json", "as_json", is_flag=True)
def partitions(detach: str | None, as_json: bool) -> None:
    """The months the store is cut into, on PostgreSQL."""
    if detach is not None:
        with transaction() as session:
            names = operations.detach_partition(session, SERVICE, detach, now())
        click.echo(f"{detach} detached: {', '.join(names)}")
        return
    with reading() as session:
        found = attached(session)
    if as_json:
        click.echo(msgspec.json.encode([{"name": one.name, "rows": one.rows, "bytes": one.size} for one in found]).decode())
        return
    for one in found:
        click.echo(f"{one.name:<10} {one.rows:>12,} statements  {one.size / 1e6:>10,.1f} MB")
    if not found:
        click.echo("no partitions: this database keeps all months in one table")
