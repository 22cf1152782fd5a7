"""The pages of the agency tree."""

from lms.agencies.views import agency, changes, history, imports, tree
from lms.agencies.views.door import blueprint

__all__ = ["agency", "blueprint", "changes", "history", "imports", "tree"]
