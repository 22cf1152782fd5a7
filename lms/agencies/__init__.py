"""The agency tree through time: what agencies are and were, who is below whom on which day, and how the tree is imported."""

from flask_babel import lazy_gettext as _l

from lms.agencies.audit_names import AUDIT_NAMES
from lms.agencies.checks import check_agencies
from lms.agencies.cli import agencies
from lms.agencies.jobs import IMPORT_JOB, IMPORT_UNDO_JOB, import_agencies, undo_last_import
from lms.agencies.naming import AgencyNamer
from lms.agencies.permissions import PERMISSION_NAMES, PERMISSIONS, PROVINCE_WIDE
from lms.agencies.views import blueprint
from lms.feature import Feature, NavigationItem, Section
from lms.kit.imports.jobs import discard_old_files
from lms.kit.jobs import Periodic

feature = Feature(
    name="agencies",
    blueprints=(blueprint,),
    permissions=PERMISSIONS,
    province_wide=PROVINCE_WIDE,
    permission_names=PERMISSION_NAMES,
    audit_names=AUDIT_NAMES,
    namers=(AgencyNamer(),),
    checks={"agencies": check_agencies},
    navigation=(
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Cây đơn vị"),
            "agencies.tree",
            "agencies.view",
            about=_l("Các cơ quan, đơn vị và quan hệ trực thuộc vào một ngày bất kỳ."),
            order=60,
        ),
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Thay đổi tổ chức"),
            "agencies.changes",
            "agencies.view",
            about=_l("Thành lập, đổi tên, sáp nhập, chia tách, giải thể đã ghi, cùng quyết định làm căn cứ."),
            order=61,
        ),
        NavigationItem.managing(
            Section.PEOPLE,
            _l("Nhập cây đơn vị"),
            "agencies.import_form",
            "agencies.manage",
            about=_l("Thêm hoặc đổi tên, sáp nhập cơ quan từ tệp bảng tính."),
            order=62,
        ),
    ),
    commands=(agencies,),
    jobs={IMPORT_JOB: import_agencies, IMPORT_UNDO_JOB: undo_last_import},
    periodic=(Periodic("imports.discard_old_files", 3600, discard_old_files),),
)
