"""Personal data: the notice, one's own file, what data subjects ask for, how long things are kept, and erasing."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem, Section
from lms.privacy.cli import privacy
from lms.privacy.demo import read_notices
from lms.privacy.followers import follower
from lms.privacy.jobs import PERIODIC
from lms.privacy.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.privacy.views import blueprint, notice, requests

feature = Feature(
    name="privacy",
    blueprints=(blueprint,),
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    navigation=(
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Yêu cầu về dữ liệu cá nhân"),
            "privacy.requests",
            "privacy.answer",
            about=_l("Trả lời đề nghị sửa, xóa, cung cấp dữ liệu trong 2 ngày làm việc."),
            order=59,
            waiting=requests.waiting_count,
        ),
        NavigationItem.managing(
            Section.SYSTEM,
            _l("Thời hạn lưu dữ liệu"),
            "privacy.retention",
            "privacy.view_retention",
            about=_l("Mỗi loại dữ liệu giữ bao lâu, lần dọn gần nhất."),
            order=87,
        ),
    ),
    home_panels=(notice.home_panel,),
    first_pages=(notice.FIRST,),
    commands=(privacy,),
    periodic=PERIODIC,
    demo_steps=(read_notices,),
    person_followers=(follower,),
    audit_names={
        "privacy.answer_request": _l("Trả lời yêu cầu về dữ liệu cá nhân"),
        "privacy.complete_request": _l("Thực hiện xong yêu cầu về dữ liệu cá nhân"),
        "privacy.disclose": _l("Lập tệp dữ liệu của chính mình"),
        "privacy.erase_person": _l("Xóa dữ liệu của một người"),
        "privacy.make_request": _l("Gửi yêu cầu về dữ liệu cá nhân"),
        "privacy.read_notice": _l("Đọc thông báo xử lý dữ liệu"),
        "privacy.retention": _l("Dọn dữ liệu hết thời hạn lưu"),
        "privacy.withdraw_request": _l("Rút yêu cầu về dữ liệu cá nhân"),
    },
)
__all__ = ["feature"]
