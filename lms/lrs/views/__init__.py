"""Pages about the record store, one module a subject."""

from lms.lrs.views import credentials, forwarding, pages, tokens
from lms.lrs.views.blueprint import blueprint

__all__ = ["blueprint", "credentials", "forwarding", "pages", "tokens"]
