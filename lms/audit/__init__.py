"""The audit: its chain of hashes, and the pages on which it is read. Writing an entry is `lms.kit.audit.record`."""

from flask_babel import lazy_gettext as _l

from lms.audit.cli import audit
from lms.audit.jobs import PERIODIC
from lms.audit.names import AUDIT_NAMES
from lms.audit.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.audit.views import blueprint
from lms.feature import Feature, NavigationItem, Section

feature = Feature(
    name="audit",
    blueprints=(blueprint,),
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    navigation=(
        NavigationItem.managing(
            Section.SYSTEM,
            _l("Nhật ký hệ thống"),
            "audit.index",
            "audit.view",
            about=_l("Ai đã làm gì, với ai, từ đâu; trước và sau khi đổi."),
            order=85,
        ),
    ),
    commands=(audit,),
    periodic=PERIODIC,
    audit_names=AUDIT_NAMES,
)
__all__ = ["feature"]
