"""The question bank: finding items, one item with its versions and history, two versions side by side."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for

from courses.queries import lesson_link
from lms.kit.access import current_actor, may, requires
from lms.kit.unit import reading
from quizzes.api import picture_json
from quizzes.forms.bank import BankFilterForm, BulkForm, DecisionForm, PairForm, RetireForm
from quizzes.kinds import KINDS
from quizzes.operations.bulk import as_uuid
from quizzes.queries import bank as bank_queries
from quizzes.queries import bank_list, items
from quizzes.queries.duplicates import look_alikes
from quizzes.queries.expiry import expiring_items
from quizzes.queries.pairs import pairs_of
from quizzes.queries.people import possible_owners
from quizzes.rules.bank import LEVELS, LIVE, ItemState
from quizzes.rules.comparing import compared
from quizzes.rules.review import may_review, writes
from quizzes.rules.statistics import FLAG_NAMES
from quizzes.views.compared import parts_of
from quizzes.views.explained import Shown, shown_with_key
from quizzes.views.statistics import answer_words, options_of, statistics_of_item
from quizzes.views.topics import topic_choices
from quizzes.views.words import by_topic, today

blueprint = Blueprint("manage_questions", "quizzes", url_prefix="/manage/questions", template_folder="templates")
ITEMS_A_PAGE = 50


@blueprint.get("")
@requires("quizzes.view_bank")
def questions() -> str:
    """The bank by whatever one looks for, fifty a page."""
    form = BankFilterForm(request.args)
    wanted = filter_of(form)
    after = bank_list.as_after(request.args.get("after", ""))
    with reading() as session:
        counts = bank_queries.bank_counts(session)
        found = bank_list.bank_rows(session, wanted, today(), after=after, limit=ITEMS_A_PAGE + 1)
        form.offer(topic_choices(bank_list.topics_in_use(session)), bank_list.tags_in_use(session), bank_list.owners(session))
        bulk = BulkForm(formdata=None)
        bulk.offer(possible_owners(session, today()), reviews=may("quizzes.review_items"))
    chosen = {name: value for name, value in form.data.items() if value}
    rows = found[:ITEMS_A_PAGE]
    return render_template(
        "quizzes/manage_questions.html",
        form=form,
        bulk=bulk,
        items=rows,
        filtered=bool(chosen),
        chosen=chosen,
        first_url=url_for(".questions", **chosen) if after else None,
        next_url=url_for(".questions", after=bank_list.place_of(rows), **chosen) if len(found) > ITEMS_A_PAGE else None,
        table=by_topic(Counter(counts)),
        levels=LEVELS,
        new_url=address_of("question_editor.choose_kind"),
        import_url=address_of("manage_interchange.upload", "interchange.upload", "question_files.upload"),
        today=today(),
    )


@blueprint.get("/expiring")
@requires("quizzes.view_bank")
def expiring() -> str:
    """What ends within sixty days: one's own items, and for those who review everybody's."""
    everybody = may("quizzes.review_items")
    with reading() as session:
        me = current_actor().person_id
        found = expiring_items(session, today(), owner=None if everybody else me)
    mine = [item for item in found if me is not None and item.owner_id == me]
    others = [item for item in found if item not in mine]
    return render_template("quizzes/bank_expiring.html", mine=mine, others=others, everybody=everybody, today=today())


@blueprint.get("/<code>")
@requires("quizzes.view_bank")
def question(code: str) -> str:
    """An item with its key and explanations, its versions, what was said of them, where it was used and what reads like it."""
    me = current_actor().person_id
    with reading() as session:
        item = items.item_view(session, code, me)
        version = item.version(request.args.get("version", item.current.number, type=int))
        lesson = lesson_link(session, version.course, version.lesson) if version.course and version.lesson else None
        steps = items.review_steps(session, item.id, me)
        uses = items.uses(session, item.id)
        pairs = pairs_of(session, item.id)
        statistics = statistics_of_item(session, item.id)
        alike = look_alikes(session, [(version.stem, version.body)], leaving_out=[code])[0] if version.state in LIVE else []
    own = writes(me, item.author_in_work, item.owner_in_fact) if item.in_work else False
    return render_template(
        "quizzes/manage_question.html",
        item=item,
        version=version,
        shown=shown_version(version),
        picture=picture_json(version.body).get("picture"),
        lesson=lesson,
        steps=steps,
        uses=uses,
        pairs=pairs,
        alike=alike,
        statistics=statistics,
        option_rows=options_of,
        answer_words=answer_words,
        flag_names=FLAG_NAMES,
        own=own,
        reviews=version.state == ItemState.IN_REVIEW
        and may("quizzes.review_items")
        and may_review(me, item.author_in_work, item.owner_in_fact),
        decision=DecisionForm(formdata=None),
        retiring=RetireForm(formdata=None),
        pairing=PairForm(formdata=None),
        edit_url=address_of("question_editor.edit", code=code) if may("quizzes.write_items") and (own or item.in_work is None) else None,
        today=today(),
    )


@blueprint.get("/<code>/compare")
@requires("quizzes.view_bank")
def compare(code: str) -> str:
    """Two versions side by side; without a choice, the newest beside the one before."""
    with reading() as session:
        item = items.item_view(session, code, current_actor().person_id)
    newest = item.versions[0].number
    new = item.version(request.args.get("new", newest, type=int))
    old = item.version(request.args.get("old", max(1, new.number - 1), type=int))
    parts = compared(parts_of(old), parts_of(new))
    return render_template("quizzes/bank_compare.html", item=item, old=old, new=new, parts=parts)


def filter_of(form: BankFilterForm) -> bank_list.BankFilter:
    """What a page's filter asks for, by the one who looks."""
    return bank_list.BankFilter(
        words=form.q.data or "",
        topic=form.topic.data or "",
        level=form.level.data or "",
        kind=form.kind.data or "",
        state=form.state.data or "",
        tag=form.tag.data or "",
        purpose=form.purpose.data or "",
        owner=as_uuid(form.owner.data or ""),
        expiring=form.expiring.data or "",
        viewer=current_actor().person_id,
    )


def shown_version(version: items.VersionView) -> Shown:
    """A version with its key, as its page shows it."""
    return shown_with_key(version.kind, version.body, version.key, parts=KINDS[version.kind].parts(version.body), whys=version.whys)


def address_of(*endpoints: str, **values: Any) -> str | None:
    """The address of a page another part of the bank brings; None where it is not there."""
    return next((url_for(endpoint, **values) for endpoint in endpoints if endpoint in current_app.view_functions), None)
