"""Pages around sign-in, people and the roster."""

from lms.accounts.views import account, sign_in
from lms.accounts.views.blueprint import blueprint

__all__ = ["account", "blueprint", "sign_in"]
