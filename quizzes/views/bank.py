"""The question bank for those who write it and those who answer for it: reading only."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, render_template, request

from courses.queries import lesson_link
from lms.kit.access import requires
from lms.kit.unit import reading
from quizzes.kinds import KINDS
from quizzes.queries import bank as bank_queries
from quizzes.rules.bank import LEVELS
from quizzes.views.explained import shown_with_key
from quizzes.views.words import by_topic

blueprint = Blueprint("manage_questions", "quizzes", url_prefix="/manage/questions", template_folder="templates")
ITEMS_A_PAGE = 50


@blueprint.get("")
@requires("quizzes.view_bank")
def questions() -> str:
    """The bank: approved items by topic, level and words, fifty a page."""
    topic, level, words, after = (request.args.get(name, "").strip() for name in ("topic", "level", "q", "after"))
    with reading() as session:
        counts = bank_queries.bank_counts(session)
        items = bank_queries.find_items(session, topic=topic, level=level, words=words, after=after, limit=ITEMS_A_PAGE + 1)
    more = items[ITEMS_A_PAGE - 1].code if len(items) > ITEMS_A_PAGE else None
    chosen = {"topic": topic, "level": level, "q": words}
    return render_template(
        "quizzes/manage_questions.html",
        items=items[:ITEMS_A_PAGE],
        more=more,
        chosen=chosen,
        after=after,
        topics=sorted({topic for topic, _level in counts}),
        table=by_topic(Counter(counts)),
        levels=LEVELS,
    )


@blueprint.get("/<code>")
@requires("quizzes.view_bank")
def question(code: str) -> str:
    """An item with its key, explanations and where it was used."""
    with reading() as session:
        item = bank_queries.item_page(session, code)
        lesson = lesson_link(session, item.course, item.lesson) if item.course and item.lesson else None
    shown = shown_with_key(item.kind, item.body, item.key, parts=KINDS[item.kind].parts(item.body), whys=item.whys)
    return render_template("quizzes/manage_question.html", item=item, shown=shown, lesson=lesson)
