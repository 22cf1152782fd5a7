"""The commands of the house and of every feature, on the application that `LMS_APP` names.

Exit 0: done. 1: refused, with the reason on stderr. 2: used wrongly.
"""

from __future__ import annotations

import importlib
import os
import sys

import click
from flask import Flask
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError, ProgrammingError

from lms.config import SettingsError
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.maintenance.commands import db, doctor, worker
from lms.serving import serve


class Refusing(click.Group):
    """A refusal by the rules ends with exit 1 and its reason, not with a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except DomainError as refusal:
            click.echo(translated(refusal), err=True)
        except (OperationalError, ProgrammingError) as error:
            click.echo(_("Không dùng được cơ sở dữ liệu: %(reason)s", reason=str(error.orig).strip()), err=True)
            click.echo(_("Kiểm tra LMS_DATABASE_URL rồi chạy: lms db upgrade, lms doctor"), err=True)
        sys.exit(1)


def build_cli(app: Flask) -> click.Group:
    """The house's commands and those of every feature of `app`."""
    group = Refusing("lms", help="Công vụ LMS: training and quarterly testing of a province's civil servants.")
    for command in (serve, worker, db, doctor):
        group.add_command(command)
    for feature in app.extensions["lms.features"]:
        for command in feature.commands:
            group.add_command(command)
    return group


def run() -> None:
    """Load the application and carry out the command line."""
    target = os.environ.get("LMS_APP", "wsgi:app")
    module, _, name = target.partition(":")
    try:
        app: Flask = getattr(importlib.import_module(module), name)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(1)
    with app.app_context():
        build_cli(app)(prog_name="lms")
