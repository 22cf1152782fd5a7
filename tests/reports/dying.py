"""A worker that is killed at a commit of our choice, before it or after it, and another that takes its place."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.jobs import Job, due_jobs, run_job

AFTER_ALL_LEASES = timedelta(minutes=15)
OF_THE_WHOLE = ("", ".json", ".csv", ".ioc.json", ".html")


class Killed(BaseException):
    """The worker is gone: nothing catches this."""


class Killer:
    """Counts commits from `aim` on and kills at the chosen one: where `after`, right after it, else before, so that it is rolled back."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._left = 0
        self._after = False
        self.hit = False
        self.watch: Callable[[], None] = lambda: None  # looks at the world at every commit, before and after it
        real = Database.transaction
        killer = self

        @contextmanager
        def transaction(database: Database) -> Iterator[Session]:
            with real(database) as session:
                yield session
                killer.watch()
                killer._count(after=False)
            killer.watch()
            killer._count(after=True)

        patch.setattr(Database, "transaction", transaction)

    def aim(self, number: int, *, after: bool) -> None:
        self._left, self._after, self.hit = number, after, False

    def _count(self, *, after: bool) -> None:
        if self._left and after == self._after:
            self._left -= 1
            if not self._left:
                self.hit = True
                raise Killed


class Worker:
    """Carries out jobs of a kind; where it is killed, the next one does, once nobody can hold anything any more."""

    def __init__(self, app: Flask, killer: Killer, clock: time_machine.Traveller) -> None:
        self.app, self.killer, self.clock = app, killer, clock
        self.database: Database = app.extensions["lms.database"]

    def jobs(self, kind: str) -> None:
        with self.database.reading() as session:
            due = set(due_jobs(session, now())) & set(session.scalars(select(Job.id).where(Job.kind == kind)))
        for job in due:
            run_job(self.database, self.app.extensions["lms.job_handlers"], job)

    def carry_out(self, act: Callable[[], object], number: int, *, after: bool) -> bool:
        """Do it and be killed at that commit; whether it has so many."""
        self.killer.aim(number, after=after)
        try:
            act()
        except Killed:
            self.clock.shift(AFTER_ALL_LEASES)
            act()
        hit = self.killer.hit
        self.killer.aim(0, after=False)
        act()  # and once more: whatever is done stays done
        return hit


def public_revisions(client: FlaskClient, codes: tuple[str, ...]) -> set[str]:
    """The revisions that everything the public can fetch shows; empty where nothing is public."""
    addresses = [f"/public/2026-Q4{suffix or '/'}" for suffix in OF_THE_WHOLE]
    addresses += [f"/public/2026-Q4/{code}{suffix}" for code in codes for suffix in OF_THE_WHOLE]
    addresses += [f"/embed/{code}" for code in codes]
    return {_revision(client, address) for address in addresses} - {""}


def _revision(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    if response.status_code != 200:
        return "" if response.status_code == 404 else f"{address}: {response.status_code}"
    text = response.get_data(as_text=True)
    if response.is_json:
        return str(response.get_json()["phien_ban"])
    if address.endswith(".csv"):
        shown = {row["phien_ban"] for row in csv.DictReader(StringIO(text.lstrip("\ufeff")))}
        return shown.pop() if len(shown) == 1 else f"{address}: {shown}"
    return text.partition("Công bố lúc ")[2].partition("bản thứ ")[2].partition(".")[0]
