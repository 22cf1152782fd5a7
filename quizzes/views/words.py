"""What the pages of this feature have in common: authored text, names of states, whose page it is."""

from __future__ import annotations

from collections import Counter
from datetime import date
from uuid import UUID

from flask.sansio.app import App
from flask_babel import gettext as _
from markupsafe import Markup

from lms.kit.access import current_actor
from lms.kit.actors import AccessDenied
from lms.kit.clock import local_date, now
from lms.kit.i18n import preferences
from lms.kit.unit import settings
from quizzes.rules.bank import (
    ITEM_STATE_NAMES,
    KIND_NAMES,
    LEVEL_NAMES,
    LEVELS,
    PURPOSE_NAMES,
    ItemPurpose,
    ItemState,
    Level,
    bold_parts,
    code_parts,
)
from quizzes.rules.review import ACTION_NAMES, ReviewAction
from quizzes.rules.rounds import POLICY_NAMES, STATE_NAMES, FeedbackPolicy, RoundState
from quizzes.views.topics import topic_name

ITEM_STATE_TAGS = {
    ItemState.DRAFT: "neutral",
    ItemState.IN_REVIEW: "waiting",
    ItemState.APPROVED: "done",
    ItemState.RETIRED: "closed",
}
STATE_TAGS = {RoundState.DRAFT: "waiting", RoundState.OPEN: "active", RoundState.CLOSED: "closed", RoundState.LOCKED: "closed"}


def authored_text(text: str) -> Markup:
    """An item's text: bold and code where they are marked, and said to be Vietnamese on a page in another language."""
    parts = Markup("").join(Markup("<strong>{}</strong>").format(_coded(part)) if bold else _coded(part) for part, bold in bold_parts(text))
    return parts if preferences().locale == "vi" else Markup('<span lang="vi">{}</span>').format(parts)


def _coded(text: str) -> Markup:
    return Markup("").join(Markup("<code>{}</code>").format(part) if code else Markup.escape(part) for part, code in code_parts(text))


def level_name(level: str) -> str:
    return str(_(LEVEL_NAMES[Level(level)]))


def kind_name(kind: str) -> str:
    return str(_(KIND_NAMES[kind]))


def state_name(state: str) -> str:
    return str(_(STATE_NAMES[RoundState(state)]))


def state_tag(state: str) -> dict[str, str]:
    return {"text": state_name(state), "kind": STATE_TAGS[RoundState(state)]}


def policy_name(policy: str) -> str:
    return str(_(POLICY_NAMES[FeedbackPolicy(policy)]))


def item_state_tag(state: str) -> dict[str, str]:
    return {"text": str(_(ITEM_STATE_NAMES[ItemState(state)])), "kind": ITEM_STATE_TAGS[ItemState(state)]}


def purpose_name(purpose: str) -> str:
    """What an item may be used for."""
    return str(_(PURPOSE_NAMES[ItemPurpose(purpose)]))


def review_action_name(action: str) -> str:
    return str(_(ACTION_NAMES[ReviewAction(action)]))


def by_topic(cells: Counter[tuple[str, str]]) -> list[dict[str, object]]:
    """Rows of a topic × level table with their sums, topics by name in the order of their codes."""
    topics = sorted({topic for topic, _level in cells})
    return [
        {
            "topic": topic_name(topic),
            "code": topic,
            **{level: cells[topic, level] for level in LEVELS},
            "sum": sum(cells[topic, level] for level in LEVELS),
        }
        for topic in topics
    ]


def today() -> date:
    """The day it is in the province."""
    return local_date(now(), settings().zone)


def person() -> UUID:
    """Whose page this is; a command or job has none."""
    person_id = current_actor().person_id
    if person_id is None:
        raise AccessDenied
    return person_id


def init_filters(app: App) -> None:
    app.jinja_env.filters.update(
        item_text=authored_text,
        level_name=level_name,
        kind_name=kind_name,
        topic_name=topic_name,
        state_tag=state_tag,
        item_state_tag=item_state_tag,
        purpose_name=purpose_name,
        review_action_name=review_action_name,
        policy_name=policy_name,
    )
