"""The xAPI record store: statements of ours and of others, kept, found and given back as the standard says."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem, Section
from lms.lrs import api, views
from lms.lrs.audit_names import AUDIT_NAMES
from lms.lrs.cli import xapi
from lms.lrs.document_followers import document_follower
from lms.lrs.followers import follower
from lms.lrs.jobs import periodic
from lms.lrs.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.lrs.statements import BUILDERS

feature = Feature(
    name="lrs",
    blueprints=(api.blueprint, views.blueprint),
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    audit_names=AUDIT_NAMES,
    navigation=(
        NavigationItem.managing(
            Section.SYSTEM,
            _l("Kho dữ liệu học tập xAPI"),
            "lrs.overview",
            "lrs.view",
            about=_l("Phát biểu đã lưu, việc đang chờ và hệ thống được kết nối."),
            order=85,
        ),
    ),
    commands=(xapi,),
    statement_builders=BUILDERS,
    periodic=periodic,
    person_followers=(follower, document_follower),
)
__all__ = ["feature"]
