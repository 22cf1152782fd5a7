"""`lms reports webhooks`: receivers outside that are told of publications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import click

from lms.kit.actors import SERVICE
from lms.kit.clock import local_midnight, now
from lms.kit.unit import reading, settings, transaction
from lms.reports.models import ReportHappening
from lms.reports.operations import webhooks as operations
from lms.reports.queries.deliveries import webhook_deliveries, webhook_targets

KINDS = [kind.value for kind in ReportHappening]


@click.group("webhooks")
def webhooks() -> None:
    """Receivers outside that are told of publications, corrections and withdrawals."""


@webhooks.command("list")
def list_() -> None:
    """Receivers with the count of messages delivered, waiting and failed."""
    with reading() as session:
        targets = webhook_targets(session)
    for target in targets:
        counts = "/".join(str(target.counts.get(state, 0)) for state in ("delivered", "waiting", "failed"))
        click.echo(f"{target.name}\t{'paused' if target.paused_at else 'active'}\t{counts}\t{target.url}\t{','.join(target.events)}")


@webhooks.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--event", "events", multiple=True, type=click.Choice(KINDS), default=KINDS, help="which; default all")
def add(name: str, url: str, events: tuple[str, ...]) -> None:
    """Have URL told. Prints the secret that signs its messages: once, and never again."""
    with transaction() as session:
        secret = operations.add_webhook(session, SERVICE, name, url, events, may_be_plain=settings().is_demo, at=now())
    click.echo(secret)


@webhooks.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Tell a receiver nothing more."""
    with transaction() as session:
        operations.remove_webhook(session, SERVICE, name, now())


@webhooks.command("pause")
@click.argument("name")
def pause(name: str) -> None:
    """Let what happens wait."""
    with transaction() as session:
        operations.pause_webhook(session, SERVICE, name, now())


@webhooks.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Go on, at once."""
    with transaction() as session:
        operations.resume_webhook(session, SERVICE, name, now())


@webhooks.command("rotate")
@click.argument("name")
def rotate(name: str) -> None:
    """Print a new secret; the one before signs beside it for a week."""
    with transaction() as session:
        secret = operations.rotate_secret(session, SERVICE, name, now())
    click.echo(secret)


@webhooks.command("deliveries")
@click.argument("name")
def deliveries(name: str) -> None:
    """What a receiver was told, the newest first."""
    with reading() as session:
        rows = webhook_deliveries(session, target=name)
    for row in rows:
        click.echo(f"{row.id}\t{row.kind}\t{row.period}\t{row.revision}\t{row.state}\t{row.tries}\t{row.status or '-'}\t{row.answer or ''}")


@webhooks.command("replay")
@click.argument("name")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="everything from this day on")
@click.option("--delivery", type=click.UUID, help="this one")
def replay(name: str, since: datetime | None, delivery: UUID | None) -> None:
    """Send again one message, or all from a day on."""
    if (since is None) == (delivery is None):
        raise click.UsageError("give --since DAY or --delivery ID")
    with transaction() as session:
        if delivery is not None:
            operations.replay_delivery(session, SERVICE, delivery, now())
            count = 1
        else:
            assert since is not None
            count = operations.replay_since(session, SERVICE, name, local_midnight(since.date(), settings().zone), now())
    click.echo(f"{count} to be sent again")
