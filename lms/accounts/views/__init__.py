"""Pages around sign-in, people and the roster."""

from lms.accounts.views import account, people, permissions, roster, sign_in
from lms.accounts.views.door import blueprint

__all__ = ["account", "blueprint", "people", "permissions", "roster", "sign_in"]
