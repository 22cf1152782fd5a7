"""`lms demo`: fill an empty database with the demonstration province, through the same commands a real province uses."""

from __future__ import annotations

import secrets
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random

import click
from flask import current_app
from sqlalchemy import text

from lms.config import Settings
from lms.demo import agencies_sheet, province, roster_sheet, sign_ins
from lms.feature import DemoProvince, Feature
from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter, local_date, now
from lms.kit.errors import N_, DomainError
from lms.kit.unit import database, transaction
from lms.lrs.operations.credentials import add_credential
from lms.maintenance import schema
from lms.reports import operations as reports
from lms.results.queries import activity_of_period

HIRED = "2024-01-01"


@click.command()
@click.option("--people", "people_count", type=click.IntRange(120, 100_000), default=1000, show_default=True)
@click.option("--agencies", "agency_count", type=click.IntRange(10, 60), default=60, show_default=True)
@click.option("--quarters", type=click.IntRange(0, 8), default=2, show_default=True, help="past quarters with results")
@click.option("--seed", type=int, default=2026, show_default=True)
@click.option("--if-empty", is_flag=True, help="where there are agencies already, only bring schema and courses up to date")
def demo(people_count: int, agency_count: int, quarters: int, seed: int, if_empty: bool) -> None:
    """Fill an empty database with a demonstration province and print its sign-ins."""
    settings: Settings = current_app.extensions["lms.settings"]
    if not settings.is_demo:
        raise DomainError(N_("Dữ liệu trình diễn chỉ dùng khi LMS_ENV=demo."))
    schema.upgrade(database())
    _run("courses", "load")
    _run("questions", "import", "--no-new-versions")  # what somebody has made of a question since stays
    folder = settings.data_dir / "demo"
    unfinished = folder / "unfinished"
    if unfinished.exists():
        raise DomainError(N_("Lần nạp trước bị dừng giữa chừng. Xóa %(folder)s và cơ sở dữ liệu rồi chạy lại."), folder=settings.data_dir)
    password = settings.demo_password or _kept_password(settings.data_dir)
    if sign_ins.is_empty():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
        _import_province(folder, people_count, agency_count, seed)
        _open_doors(settings, password)
        _add_history(settings, quarters, seed)
        with transaction() as session:
            session.execute(text("ANALYZE"))  # so much came in at once that the planner would guess wrong for a while
        unfinished.unlink()
    elif not if_empty:
        raise DomainError(N_("Cơ sở dữ liệu đã có cơ quan: dữ liệu trình diễn chỉ nạp vào cơ sở dữ liệu trống."))
    _print_sign_ins(settings, password)


def _open_doors(settings: Settings, password: str) -> None:
    """Sign-ins for everybody, six of them with names one can remember, and a credential for xAPI clients."""
    at = now()
    with transaction() as session:
        sign_ins.activate_everyone(session, password, at)
        sign_ins.name_the_six(session, local_date(at, settings.zone), at)
        credential = add_credential(session, SERVICE, "Trình diễn", ["all"], at, key="demo", secret=settings.demo_password)
    path = settings.data_dir / "demo-xapi-secret"
    path.touch(mode=0o600)
    path.write_text(credential.secret)


def _import_province(folder: Path, people_count: int, agency_count: int, seed: int) -> None:
    random = Random(seed)
    places = province.agencies(agency_count)
    staff = province.people(people_count, places, random, now().date())
    agencies_file, roster_file = folder / "co-quan.xlsx", folder / "danh-sach-can-bo.xlsx"
    agencies_file.write_bytes(agencies_sheet.agencies_workbook(places))
    roster_file.write_bytes(roster_sheet.roster_workbook(staff, places, random))
    _run("agencies", "import", str(agencies_file), "--as-of", HIRED)
    _run("roster", "import", str(roster_file), "--as-of", HIRED)


def _add_history(settings: Settings, quarters: int, seed: int) -> None:
    at = now()
    current = Quarter.of(local_date(at, settings.zone))
    past: list[Quarter] = []
    for _ in range(quarters):
        past.insert(0, (past[0] if past else current).previous())
    world = DemoProvince(past=tuple(past), current=current, seed=seed, zone=settings.zone, at=at, newcomers=sign_ins.the_six())
    features: tuple[Feature, ...] = current_app.extensions["lms.features"]
    for feature in features:
        for step in feature.demo_steps:
            step(world)
    for quarter in past:
        with transaction() as session:
            activity = activity_of_period(session, quarter.code)
            if activity is not None:
                reports.build_report(session, SERVICE, activity, at)
                reports.publish_report(session, SERVICE, quarter.code, at)
                click.echo(f"{quarter}: results frozen and published")


def _run(*arguments: str) -> None:
    """One of the service's own commands, as an operator would give it; of what it says only the last line is shown."""
    features: tuple[Feature, ...] = current_app.extensions["lms.features"]
    commands = {command.name: command for feature in features for command in feature.commands}
    said = StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            commands[arguments[0]].main(list(arguments[1:]), standalone_mode=False)
    except SystemExit:
        click.echo(said.getvalue(), err=True)
        raise
    click.echo(said.getvalue().strip().rpartition("\n")[2])


def _kept_password(folder: Path) -> str:
    path = folder / "demo-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"cong-vu-{secrets.token_hex(3)}")
    return path.read_text().strip()


def _print_sign_ins(settings: Settings, password: str) -> None:
    secret_file = settings.data_dir / "demo-xapi-secret"
    click.echo("")
    click.echo(f"  {settings.base_url}")
    for login, role in sign_ins.SIX.items():
        click.echo(f"  {login:<10} {role}")
    click.echo(f"  password: {password}")
    if secret_file.exists():
        click.echo(f"  xAPI credential: demo / {secret_file.read_text()}")
    click.echo("")
