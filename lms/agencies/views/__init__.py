"""The pages of the agency tree."""

from lms.agencies.views import imports, tree
from lms.agencies.views.door import blueprint

__all__ = ["blueprint", "imports", "tree"]
