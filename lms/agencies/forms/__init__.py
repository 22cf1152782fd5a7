"""The forms of the agency tree."""

from lms.agencies.forms.browse import BrowseForm, ChangeFilterForm
from lms.agencies.forms.changes import FORMS, AbolishForm, ChangeForm
from lms.agencies.forms.picker import AgencyField, Choice
from lms.agencies.forms.upload import AgencyUploadForm

__all__ = ["FORMS", "AbolishForm", "AgencyField", "AgencyUploadForm", "BrowseForm", "ChangeFilterForm", "ChangeForm", "Choice"]
