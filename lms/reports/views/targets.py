"""Targets: how far each is, who is short, where; and setting them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from lms.accounts.rules.people import IT_DUTY_NAMES
from lms.agencies.rules.kinds import BLOCK_NAMES, LEVEL_NAMES
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import Everywhere, NotFound, Scope
from lms.kit.clock import local_date, now
from lms.kit.ids import uuid7
from lms.kit.unit import reading, settings, transaction
from lms.kit.web import page_after
from lms.reports import queries
from lms.reports.operations.targets import set_target
from lms.reports.queries import targets as reads
from lms.reports.queries.targets import Measure, Trainings
from lms.reports.rules import Node
from lms.reports.rules.targets import INDICATOR_NAMES, Count, most_short, rolled_up, total
from lms.reports.target_forms import TargetForm
from lms.results.queries import is_within

blueprint = Blueprint("targets", "lms.reports", url_prefix="/targets", template_folder="templates")
PAGE_SIZE = 50
LISTS = ("reached", "missing", "whole")


@dataclass(frozen=True, slots=True)
class Line:
    """An agency with all below it; `is_own`: only those counted in the agency itself."""

    node: Node
    count: Count
    needed: int
    short: int
    is_leaf: bool
    is_own: bool = False


@blueprint.get("/")
@requires("reports.view")
def index() -> str:
    """All targets, with how far the reader's agencies are."""
    at, zone, scope = now(), settings().zone, scope_of("reports.view")
    with reading() as session:
        rows = []
        for target in reads.targets(session):
            measured = reads.measure(target, at, zone)
            count = total(reads.counts(session, measured, scope, trainings(), zone).values())
            rows.append((measured, count, measured.aim.short(count)))
        return render_template("targets/index.html", rows=rows, is_part=not isinstance(scope, Everywhere))


@blueprint.get("/<uuid:target_id>")
@requires("reports.view")
def target(target_id: UUID) -> str:
    """One target: the sentence, progress, forecast, and where people are short; of the reader's agencies or of one of them."""
    at, zone, scope = now(), settings().zone, scope_of("reports.view")
    with reading() as session:
        measured = reads.measure(reads.target_of(session, target_id), at, zone)
        root = _agency(session, scope, measured)
        narrowed: Scope = scope if root is None else frozenset((root,))
        nodes = {node.id: node for node in queries.nodes(session, measured.on)}
        own = reads.counts(session, measured, narrowed, trainings(), zone)
        whole = total(own.values())
        return render_template(
            "targets/target.html",
            measured=measured,
            count=whole,
            needed=measured.aim.needed(whole.whole),
            short=measured.aim.short(whole),
            lines=_lines(measured, nodes, own, root, scope),
            forecast=reads.foreseen(session, measured, narrowed, trainings(), zone, now=whole),
            root=nodes.get(root) if root is not None else None,
            path=queries.path(session, root, measured.on, scope) if root is not None else [],
            indicator=INDICATOR_NAMES[measured.target.indicator],
            described=_described(session, measured, nodes),
            versions=reads.versions_of(session, measured.target.code),
        )


@blueprint.get("/<uuid:target_id>/people")
@requires("reports.view")
def people(target_id: UUID) -> str:
    """The people behind a figure of a target."""
    at, zone, scope = now(), settings().zone, scope_of("reports.view")
    which = request.args.get("which", "missing")
    if which not in LISTS:
        raise NotFound
    with reading() as session:
        measured = reads.measure(reads.target_of(session, target_id), at, zone)
        root = _agency(session, scope, measured)
        rows = reads.people(session, measured, scope, trainings(), zone, which=which, agency=root, after=page_after(), limit=PAGE_SIZE + 1)
        count = total(reads.counts(session, measured, scope if root is None else frozenset((root,)), trainings(), zone).values())
        name = next((node.name for node in queries.nodes(session, measured.on, root) if node.id == root), None) if root else None
        more = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
        return render_template(
            "targets/people.html",
            measured=measured,
            rows=rows[:PAGE_SIZE],
            which=which,
            size={"reached": count.part, "whole": count.whole, "missing": count.whole - count.part}[which],
            agency=root,
            agency_name=name,
            after=f"{more.sort_key}~{more.person_id}" if more else None,
        )


@blueprint.get("/new")
@requires("reports.set_targets")
def new() -> str:
    with reading() as session:
        return render_template("targets/edit.html", form=_form(session, now()), target=None)


@blueprint.post("/new")
@requires("reports.set_targets")
def create() -> str | BaseResponse | tuple[str, int]:
    return _save(None)


@blueprint.get("/<uuid:target_id>/edit")
@requires("reports.set_targets")
def edit(target_id: UUID) -> str:
    with reading() as session:
        found = reads.target_of(session, target_id)
        return render_template("targets/edit.html", form=_form(session, now(), found), target=found)


@blueprint.post("/<uuid:target_id>/edit")
@requires("reports.set_targets")
def change(target_id: UUID) -> str | BaseResponse | tuple[str, int]:
    """A new version; the one before stays readable."""
    return _save(target_id)


def trainings() -> Trainings:
    """What features count as training."""
    found: Trainings = current_app.extensions["lms.trainings"]
    return found


def _save(target_id: UUID | None) -> str | BaseResponse | tuple[str, int]:
    at = now()
    with transaction() as session:
        found = reads.target_of(session, target_id) if target_id is not None else None
        form = _form(session, at, found)
        if not form.validate_on_submit():
            return render_template("targets/edit.html", form=form, target=found), 422
        saved = set_target(session, current_actor(), form.target(found.code if found is not None else f"ct-{uuid7().hex}"), at)
    flash(_("Đã lưu chỉ tiêu."), "success")
    return redirect(url_for("targets.target", target_id=saved), 303)


def _form(session: Session, at: datetime, found: Any = None) -> TargetForm:
    groups = [(group.code, f"{group.code} – {group.names['vi']}") for group in queries.position_groups(session)]
    nodes = queries.nodes(session, local_date(at, settings().zone))
    return TargetForm(groups, [(str(node.id), node.name) for node in nodes], found)


def _agency(session: Session, scope: Scope, measured: Measure) -> UUID | None:
    """The agency the address names. Raises NotFound for one outside the scope."""
    text = request.args.get("agency")
    if not text:
        return None
    try:
        agency = UUID(text)
    except ValueError as error:
        raise NotFound from error
    if not is_within(session, scope, agency, measured.on) or not any(
        node.id == agency for node in queries.nodes(session, measured.on, agency)
    ):
        raise NotFound
    return agency


def _lines(measured: Measure, nodes: dict[UUID, Node], own: dict[UUID, Count], root: UUID | None, scope: Scope) -> list[Line]:
    """The agencies right below the one shown, those furthest from their share first; without one, those the reader starts from."""
    parents = {node.id: node.parent_id for node in nodes.values()}
    sums = rolled_up(own, parents)
    tops = [node.id for node in nodes.values() if node.parent_id is None] if root is None else [root]
    if root is None and not isinstance(scope, Everywhere):
        shown = {agency for agency in scope if agency in sums}
    else:
        shown = {agency for agency, parent in parents.items() if agency in sums and parent in tops}
    above = {parents.get(agency) for agency in sums}
    found = {agency: sums[agency] for agency in shown}
    lines = [_line(measured, nodes[agency], found[agency], is_leaf=agency not in above) for agency in most_short(measured.aim, found)]
    if root is None and not isinstance(scope, Everywhere):
        return lines
    return lines + [_line(measured, nodes[top], own[top], is_own=True) for top in tops if top in own and lines]


def _line(measured: Measure, node: Node, count: Count, *, is_leaf: bool = True, is_own: bool = False) -> Line:
    return Line(node, count, measured.aim.needed(count.whole), measured.aim.short(count), is_leaf, is_own)


def _described(session: Session, measured: Measure, nodes: dict[UUID, Node]) -> list[str]:
    """Whom a target is about, in words."""
    population = measured.population
    groups = {group.code: group.names["vi"] for group in queries.position_groups(session)} if population.groups else {}
    duties = {duty.value: name for duty, name in IT_DUTY_NAMES.items()}
    words = [groups.get(code, code) for code in population.groups]
    words += [_(BLOCK_NAMES.get(code, code)) for code in population.blocks]
    words += [_(LEVEL_NAMES.get(code, code)) for code in population.levels]
    words += [_("Nhiệm vụ CNTT: %(duty)s", duty=_(duties.get(code, code))) for code in population.it_duties]
    words += [nodes[UUID(code)].name for code in population.agencies if UUID(code) in nodes]
    return [str(word) for word in words]
