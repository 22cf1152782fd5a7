"""Pages of courses: the catalogue, a course, a lesson, and the block of the first page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from courses import operations, queries
from courses.queries import CatalogueEntry, LessonView
from lms.feature import Feature, HomePanel
from lms.kit.access import current_actor, requires
from lms.kit.actors import AccessDenied, Actor, NotFound
from lms.kit.clock import local_date, now
from lms.kit.formats import short_time
from lms.kit.i18n import in_locale, preferences
from lms.kit.unit import reading, settings, transaction

blueprint = Blueprint("courses", __name__, url_prefix="/courses", template_folder="templates")

A_YEAR = "private, max-age=31536000, immutable"
# A drawing opened by itself may style itself and do nothing else.
FIGURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@blueprint.app_template_filter("authored")
def authored(texts: Mapping[str, str]) -> Markup:
    """An authored text in the reader's language, marked as Vietnamese where only that was written."""
    text = in_locale(dict(texts))
    if preferences().locale == "vi" or texts.get(preferences().locale):
        return Markup.escape(text)
    return Markup('<span lang="vi">{}</span>').format(text)


@blueprint.app_template_filter("kilobytes")
def kilobytes(size: int) -> int:
    """Bytes as whole KB (1,000), never 0."""
    return max(1, round(size / 1000))


def _person() -> UUID:
    person_id = current_actor().person_id
    if person_id is None:
        raise AccessDenied
    return person_id


@blueprint.get("/")
@requires("courses.study")
def index() -> str:
    """The catalogue: one's own courses first."""
    with reading() as session:
        entries = queries.catalogue(session, _person())
        learner = queries.learner(session, _person(), local_date(now(), settings().zone))
    mine = [entry for entry in entries if entry.is_for(learner)]
    return render_template("courses/index.html", mine=mine, others=[entry for entry in entries if entry not in mine])


@blueprint.get("/<slug>/")
@requires("courses.study")
def course(slug: str) -> str:
    with reading() as session:
        view = queries.course_view(session, _person(), slug)
        if view is None:
            raise NotFound
        panels = _panels(session, view.code)
    return render_template("courses/course.html", course=view, panels=panels)


def _panels(session: Session, code: str) -> list[HomePanel]:
    """What other packages have to say about a course, such as its tests."""
    features: tuple[Feature, ...] = current_app.extensions["lms.features"]
    at = now()
    builders = [feature.page_panels["courses.course"] for feature in features if "courses.course" in feature.page_panels]
    built = [builder(session, current_actor(), code, at) for builder in builders]
    return sorted((panel for panel in built if panel is not None), key=lambda panel: panel.order)


@blueprint.get("/<slug>/<lesson>")
@requires("courses.study")
def lesson(slug: str, lesson: str) -> str:
    """A lesson. What is seen for the first time is remembered, once; every later look only reads."""
    with reading() as session:
        view = queries.lesson_view(session, _person(), slug, lesson)
    if view is None:
        raise NotFound
    if _is_new(view) and _is_looked_at():
        with transaction() as session:
            operations.open_lesson(session, current_actor(), slug, lesson, now())
    return render_template("courses/lesson.html", lesson=view, course=view.course, body_html=_body(view))


def _body(view: LessonView) -> str:
    """The lesson's own part. Its labels follow the language it is written in, so that the whole can be marked as Vietnamese."""
    with force_locale("vi"):
        return current_app.jinja_env.get_template("courses/_lesson_body.html").render(
            key_message=view.key_message,
            blocks=view.blocks,
            ticked=view.ticked,
            checklist_url=url_for(".save_checklist", slug=view.course.slug, lesson=view.outline.slug),
        )


def _is_new(view: LessonView) -> bool:
    return view.outline.opened_at is None or view.course.last_lesson != view.outline.slug


def _is_looked_at() -> bool:
    """A browser that fetches ahead, or asks for headers alone, has nobody reading."""
    return request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))


@blueprint.post("/<slug>/<lesson>/complete")
@requires("courses.study")
def complete(slug: str, lesson: str) -> AnyResponse:
    with transaction() as session:
        completion = operations.complete_lesson(session, current_actor(), slug, lesson, now())
    with reading() as session:
        view = queries.course_view(session, _person(), slug)
    assert view is not None  # it has just been studied
    if completion.course_completed:
        flash(_("Đã học xong khóa học “%(title)s”.", title=in_locale(dict(view.title))), "success")
        return redirect(url_for(".course", slug=slug), 303)
    slugs = [outline.slug for outline in view.lessons]
    following = slugs.index(lesson) + 1
    if following == len(slugs):
        return redirect(url_for(".course", slug=slug), 303)
    return redirect(url_for(".lesson", slug=slug, lesson=slugs[following]), 303)


@blueprint.post("/<slug>/<lesson>/checklist")
@requires("courses.study")
def save_checklist(slug: str, lesson: str) -> AnyResponse:
    at = now()
    with transaction() as session:
        operations.save_checklist(session, current_actor(), slug, lesson, task_ids=set(request.form.getlist("tasks")), at=at)
    flash(_("Đã lưu lúc %(time)s.", time=short_time(at, settings().zone)), "success")
    return redirect(url_for(".lesson", slug=slug, lesson=lesson), 303)


@blueprint.get("/media/<sha256>.svg")
@requires("courses.study")
def media(sha256: str) -> Response:
    """A figure by the hash of its bytes: what was fetched once never needs asking for again."""
    with reading() as session:
        found = queries.media(session, sha256)
    if found is None:
        raise NotFound
    media_type, content = found
    headers = {"Cache-Control": A_YEAR, "Content-Security-Policy": FIGURE_POLICY}
    return Response(content, mimetype=media_type, headers=headers)


def home_panel(session: Session, actor: Actor, at: datetime) -> HomePanel | None:
    """“Khóa học của tôi”: courses begun and not finished, else those meant for this person; nothing where there are none."""
    if actor.person_id is None:
        return None
    entries = queries.catalogue(session, actor.person_id)
    begun = [entry for entry in entries if entry.progress.enrolled_at is not None and entry.progress.completed_at is None]
    if begun:
        shown = sorted(begun, key=_last_begun, reverse=True)
    else:
        learner = queries.learner(session, actor.person_id, local_date(at, settings().zone))
        shown = [entry for entry in entries if entry.is_for(learner) and entry.progress.completed_at is None]
    if not shown:
        return None
    return HomePanel("courses/_home_panel.html", {"courses": shown[:3], "begun": bool(begun), "more": len(shown) > 3}, order=40)


def _last_begun(entry: CatalogueEntry) -> datetime:
    assert entry.progress.enrolled_at is not None  # asked of begun courses alone
    return entry.progress.enrolled_at
