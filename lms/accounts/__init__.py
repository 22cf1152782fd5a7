"""People, the posts they hold, how they sign in and what they may do."""

from flask_babel import lazy_gettext as _l

from lms.accounts import guard
from lms.accounts.audit_names import AUDIT_NAMES
from lms.accounts.cli import roster, users
from lms.accounts.followers import follower
from lms.accounts.jobs import ROSTER_JOB, ROSTER_UNDO_JOB, close_stale_transfers, discard_changes, import_roster, undo_import
from lms.accounts.naming import PersonNamer
from lms.accounts.operations.succession import PostingsAndRoles
from lms.accounts.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.accounts.views import blueprint
from lms.accounts.views.review import waiting_reviews
from lms.accounts.views.transfers import waiting as waiting_transfers
from lms.feature import Feature, NavigationItem, Section
from lms.kit.jobs import Periodic

feature = Feature(
    name="accounts",
    blueprints=(blueprint,),
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    audit_names=AUDIT_NAMES,
    namers=(PersonNamer(),),
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
            _l("Chuyển người giữa các cơ quan"),
            "accounts.transfers",
            "accounts.transfer_people",
            about=_l("Báo người không thuộc đơn vị, nhận người về, duyệt đề nghị của nơi khác."),
            order=55,
            waiting=waiting_transfers,
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
            Section.PEOPLE,
            _l("Hồ sơ trùng"),
            "accounts.duplicates",
            "accounts.merge_people",
            about=_l("Tìm một người có hai hồ sơ, so sánh và gộp lại."),
            order=58,
        ),
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Nhóm đối tượng"),
            "accounts.groups",
            "accounts.manage_groups",
            about=_l("Đổi tên, thêm, sắp xếp, ngừng dùng nhóm."),
            order=59,
        ),
        NavigationItem.managing(
            Section.SYSTEM,
            _l("Bảng phân quyền"),
            "accounts.permissions",
            "accounts.view_permissions",
            about=_l("Vai trò nào được làm việc gì."),
            order=84,
        ),
        NavigationItem.managing(
            Section.SYSTEM,
            _l("Rà soát vai trò"),
            "accounts.review",
            "accounts.review_roles",
            about=_l("Sáu tháng một lần: vai trò nào còn cần, vai trò nào thu hồi."),
            order=83,
            waiting=waiting_reviews,
        ),
    ),
    commands=(roster, users),
    jobs={ROSTER_JOB: import_roster, ROSTER_UNDO_JOB: undo_import},
    periodic=(
        Periodic("accounts.discard_roster_changes", 3600, discard_changes),
        Periodic("accounts.close_stale_transfers", 3600, close_stale_transfers),
    ),
    person_followers=(follower,),
    agency_followers=(PostingsAndRoles(),),
)
__all__ = ["feature", "guard"]
