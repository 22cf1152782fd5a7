"""The forms of the agency tree."""

from collections.abc import Mapping

from lms.agencies.forms.browse import BrowseForm, ChangeFilterForm
from lms.agencies.forms.changes import (
    AbolishForm,
    ChangeForm,
    ConsolidateForm,
    EstablishForm,
    MergeForm,
    MoveForm,
    RecodeForm,
    RenameForm,
    ReviseForm,
)
from lms.agencies.forms.picker import AgencyField, Choice
from lms.agencies.forms.split import SplitForm
from lms.agencies.forms.upload import AgencyUploadForm
from lms.agencies.rules.kinds import EventKind

FORMS: Mapping[EventKind, type[ChangeForm]] = {
    form.kind: form
    for form in (EstablishForm, RenameForm, MoveForm, ReviseForm, RecodeForm, MergeForm, ConsolidateForm, SplitForm, AbolishForm)
}

__all__ = ["FORMS", "AbolishForm", "AgencyField", "AgencyUploadForm", "BrowseForm", "ChangeFilterForm", "ChangeForm", "Choice", "SplitForm"]
