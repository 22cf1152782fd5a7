"""People, the posts they hold, how they sign in and what they may do."""

from flask_babel import lazy_gettext as _l

from lms.accounts import guard
from lms.accounts.cli import roster, users
from lms.accounts.jobs import ROSTER_JOB, import_roster
from lms.accounts.operations.succession import PostingsAndRoles
from lms.accounts.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.accounts.views import blueprint
from lms.feature import Feature, NavigationItem, Section

feature = Feature(
    name="accounts",
    blueprints=(blueprint,),
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    navigation=(
        NavigationItem(
            _l("Cán bộ"),
            "accounts.people",
            "accounts.view_people",
            order=55,
            section=Section.PEOPLE,
            about=_l("Tìm một người, xem vị trí công tác, cấp lại mật khẩu."),
        ),
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Phiếu cấp tài khoản"),
            "accounts.slips",
            "accounts.issue_slips",
            about=_l("In mã kích hoạt cho người chưa có tài khoản."),
            order=56,
        ),
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Nhập danh sách cán bộ"),
            "accounts.roster_form",
            "accounts.import_roster",
            about=_l("Thêm và cập nhật cán bộ từ tệp bảng tính của cơ quan."),
            order=57,
        ),
        NavigationItem.managing(
            Section.SYSTEM,
            _l("Bảng phân quyền"),
            "accounts.permissions",
            "accounts.view_permissions",
            about=_l("Vai trò nào được làm việc gì."),
            order=84,
        ),
    ),
    commands=(roster, users),
    jobs={ROSTER_JOB: import_roster},
    agency_followers=(PostingsAndRoles(),),
)
__all__ = ["feature", "guard"]
