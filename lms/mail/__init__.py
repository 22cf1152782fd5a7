"""Mail: at most one letter a day to each person, made of what the features have to tell, delivered through the province's server."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem, Section
from lms.mail.checks import check_mail
from lms.mail.cli import mail
from lms.mail.followers import follower
from lms.mail.jobs import PERIODIC
from lms.mail.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.mail.views import blueprint

feature = Feature(
    name="mail",
    blueprints=(blueprint,),
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    navigation=(
        NavigationItem.managing(
            Section.SYSTEM,
            _l("Thư nhắc"),
            "mail.index",
            "mail.manage",
            about=_l("Thư đã gửi, đang chờ, gửi lỗi kèm lý do."),
            order=84,
        ),
    ),
    commands=(mail,),
    checks={"mail": check_mail},
    periodic=PERIODIC,
    person_followers=(follower,),
    audit_names={"mail.try_again": _l("Gửi lại thư lỗi")},
)
__all__ = ["feature"]
