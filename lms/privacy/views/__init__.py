"""Pages about personal data: the notice, one's own data, requests, retention, erasing."""

from lms.privacy.views import erasure, notice, own, requests, retention
from lms.privacy.views.door import blueprint

__all__ = ["blueprint", "erasure", "notice", "own", "requests", "retention"]
