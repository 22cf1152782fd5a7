"""The forms of the agency tree."""

from lms.agencies.forms.browse import BrowseForm
from lms.agencies.forms.upload import AgencyUploadForm

__all__ = ["AgencyUploadForm", "BrowseForm"]
