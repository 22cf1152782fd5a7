"""Forms of the question bank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from lms.kit.forms import BaseForm, Needed, ShortForm
from quizzes.queries.bank_list import PAST, SOON
from quizzes.queries.pairs import DISTINCT, ENEMY
from quizzes.rules.bank import ITEM_STATE_NAMES, KIND_NAMES, LEVEL_NAMES, PURPOSE_NAMES
from quizzes.rules.bulk import BULK_NAMES, OF_REVIEWERS, BulkAction
from quizzes.rules.review import LONGEST_REMARK


class BankFilterForm(BaseForm):
    """A GET form: nothing in it changes anything, so it carries no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    q = StringField(_l("Tìm câu hỏi"))
    topic = SelectField(_l("Chủ đề"), validate_choice=False)
    level = SelectField(_l("Mức độ"), validate_choice=False)
    kind = SelectField(_l("Loại"), validate_choice=False)
    state = SelectField(_l("Tình trạng"), validate_choice=False)
    purpose = SelectField(_l("Mục đích"), validate_choice=False)
    tag = SelectField(_l("Nhãn"), validate_choice=False)
    owner = SelectField(_l("Người phụ trách"), validate_choice=False)
    expiring = SelectField(_l("Hiệu lực"), validate_choice=False)

    def offer(self, topics: Sequence[tuple[str, str]], tags: Sequence[tuple[str, int]], owners: Sequence[tuple[UUID, str]]) -> None:
        """Fill the lists. `topics`: (code, name)."""
        self.topic.choices = _list(_("Mọi chủ đề"), topics)
        self.level.choices = _list(_("Mọi mức độ"), ((level.value, _(name)) for level, name in LEVEL_NAMES.items()))
        self.kind.choices = _list(_("Mọi loại"), ((kind, _(name)) for kind, name in KIND_NAMES.items()))
        self.state.choices = _list(_("Đang dùng và đang soạn"), ((state.value, _(name)) for state, name in ITEM_STATE_NAMES.items()))
        self.purpose.choices = _list(_("Mọi mục đích"), ((purpose.value, _(name)) for purpose, name in PURPOSE_NAMES.items()))
        self.tag.choices = _list(_("Mọi nhãn"), ((tag, f"{tag} ({count})") for tag, count in tags))
        self.owner.choices = _list(_("Bất kỳ ai"), ((str(person), name) for person, name in owners))
        self.expiring.choices = _list(_("Không lọc"), ((SOON, _("Hết trong 60 ngày tới")), (PAST, _("Đã hết hiệu lực"))))


class DecisionForm(ShortForm):
    """A reviewer's word on a version."""

    NOTE = LONGEST_REMARK

    decision = RadioField(
        _l("Quyết định"),
        choices=[SelectChoice("approve", _l("Duyệt: đưa vào ngân hàng")), SelectChoice("send_back", _l("Trả lại để sửa"))],
        validators=[Needed()],
    )
    remarks = TextAreaField(_l("Nhận xét"), validators=[Optional()])


class RetireForm(ShortForm):
    reason = TextAreaField(_l("Lý do ngừng dùng"), validators=[Needed()])


class PairForm(ShortForm):
    """What another item is to this one."""

    other = StringField(_l("Mã câu hỏi kia"), validators=[Needed()])
    relation = RadioField(
        _l("Quan hệ"),
        choices=[SelectChoice(ENEMY, _l("Không đặt chung một đề")), SelectChoice(DISTINCT, _l("Giống nhau nhưng là hai câu khác nhau"))],
        default=ENEMY,
        validators=[Needed()],
    )
    reason = StringField(_l("Lý do"))


class BulkForm(ShortForm):
    """What to do to the items chosen."""

    action = SelectField(_l("Việc cần làm"), validators=[Needed()])
    tag = StringField(_l("Nhãn"))
    purpose = SelectField(_l("Mục đích sử dụng"), validate_choice=False)
    owner = SelectField(_l("Người phụ trách"), validate_choice=False)
    reason = TextAreaField(_l("Lý do ngừng dùng"))

    def offer(self, owners: Sequence[tuple[UUID, str]], *, reviews: bool) -> None:
        """Fill the lists with what this person may do."""
        offered = [(action.value, _(name)) for action, name in BULK_NAMES.items() if reviews or action not in OF_REVIEWERS]
        self.action.choices = [SelectChoice(value, label) for value, label in offered]
        self.purpose.choices = _list("—", ((purpose.value, _(name)) for purpose, name in PURPOSE_NAMES.items()))
        self.owner.choices = _list("—", ((str(person), name) for person, name in owners))

    def value(self) -> str:
        """What the chosen action is about."""
        fields = {
            BulkAction.TAG: self.tag,
            BulkAction.UNTAG: self.tag,
            BulkAction.PURPOSE: self.purpose,
            BulkAction.OWNER: self.owner,
            BulkAction.RETIRE: self.reason,
        }
        return str(fields[BulkAction(self.action.data)].data or "")


def _list(nothing: str, values: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """A list to choose from, with the choice of nothing first."""
    return [SelectChoice("", nothing), *(SelectChoice(value, label) for value, label in values)]
