"""How long which personal data is kept: one table for the page, the notice, the settings and the job that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.kit.errors import N_

LAW = N_("Luật 91/2025/QH15: không lưu lâu hơn mức cần thiết cho mục đích xử lý")
LOGS = N_("Tiêu chuẩn cấp độ 3: nhật ký giữ ít nhất 3 tháng, khuyến nghị 12 tháng")
DUTY = N_("Nhiệm vụ theo kế hoạch bồi dưỡng, đánh giá cán bộ; pháp luật về lưu trữ")
PROOF = N_("Nghị định 356/2025/NĐ-CP: chứng minh đã thông báo và đã trả lời yêu cầu")


@dataclass(frozen=True, slots=True)
class Kind:
    """Data of one purpose. `days` None: kept as long as the person is on record, and in any case not thrown away by the clock.
    `fixed`: a setting may not change it."""

    name: str
    what: str
    why: str
    days: int | None
    basis: str
    fixed: bool = False


KINDS: tuple[Kind, ...] = (
    Kind(
        "sign_ins",
        N_("Phiên đăng nhập đã kết thúc: giờ, địa chỉ mạng, thiết bị"),
        N_("Nhận ra đăng nhập lạ"),
        180,
        LOGS,
    ),
    Kind("unknown_names", N_("Tên đăng nhập nhập sai, chỉ dạng băm"), N_("Chặn dò mật khẩu"), 30, LOGS),
    Kind("slips", N_("Phiếu cấp tài khoản đã dùng hoặc hết hạn"), N_("Biết ai cấp phiếu, khi nào"), 180, LOGS),
    Kind("import_files", N_("Tệp danh sách đã tải lên"), N_("Nhập danh sách và trả tệp lỗi"), 7, LAW, fixed=True),
    Kind("import_details", N_("Dòng lỗi và thay đổi của mỗi lần nhập danh sách"), N_("Sửa danh sách, hoàn tác lần nhập"), 90, LAW),
    Kind("outbox", N_("Hàng chờ đã chuyển vào kho dữ liệu học tập"), N_("Chuyển lại khi có sự cố"), 90, LAW),
    Kind(
        "set_aside",
        N_("Phát biểu xAPI bị kho ngoài từ chối: mã, lý do"),
        N_("Gửi lại sau khi sửa nguyên nhân"),
        180,
        LAW,
    ),
    Kind(
        "content_keys", N_("Khóa ngắn hạn của học liệu"), N_("Học liệu ghi việc học; tự hết hạn sau bốn giờ rồi bị xóa"), 0, LAW, fixed=True
    ),
    Kind("letters", N_("Thư đã gửi hoặc không gửi được: tiêu đề, giờ gửi"), N_("Trả lời khi có người nói không nhận được thư"), 90, LAW),
    Kind(
        "report_letters",
        N_("Thư kết quả gửi các cơ quan: địa chỉ nhận, giờ gửi"),
        N_("Báo cho đúng người khi kết quả được đính chính hoặc gỡ; trả lời khi có người nói không nhận được thư"),
        400,
        LAW,
    ),
    Kind(
        "webhook_deliveries",
        N_("Thông báo gửi hệ thống ngoài: giờ gửi, trả lời"),
        N_("Gửi lại, tìm nguyên nhân khi không tới nơi"),
        400,
        LAW,
    ),
    Kind("told", N_("Điều đã báo cho ai, ngày nào"), N_("Không nhắc hai lần"), 400, LAW),
    Kind("requests", N_("Nội dung yêu cầu về dữ liệu cá nhân đã trả lời"), N_("Chứng minh đã trả lời đúng hạn"), 730, PROOF),
    Kind("audit", N_("Nhật ký thao tác: ai làm gì, khi nào, từ đâu"), N_("Truy vết, xử lý sự cố"), 730, LOGS),
    Kind("retention_runs", N_("Số liệu các lần dọn dữ liệu"), N_("Chứng minh đã xóa đúng hạn"), 1825, PROOF),
    Kind("notice_reads", N_("Việc đã đọc thông báo xử lý dữ liệu"), N_("Chứng minh đã thông báo"), None, PROOF, fixed=True),
    Kind("own_files", N_("Tệp dữ liệu của chính mình"), N_("Lập khi bấm tải, không lưu trên máy chủ"), 0, LAW, fixed=True),
    Kind("people", N_("Hồ sơ cán bộ, vị trí công tác, vai trò"), N_("Lập danh sách thuộc diện, phân quyền"), None, DUTY, fixed=True),
    Kind("studies", N_("Tiến độ học, bài làm và câu trả lời"), N_("Tính kết quả, giải quyết phúc tra"), None, DUTY, fixed=True),
    Kind("statements", N_("Kho dữ liệu học tập xAPI"), N_("Hồ sơ học tập, kết nối hệ thống khác"), None, DUTY, fixed=True),
    Kind("learning_documents", N_("Tài liệu học liệu lưu về người học"), N_("Học tiếp chỗ đang dở"), None, DUTY, fixed=True),
    Kind("results", N_("Kết quả và báo cáo đã chốt"), N_("Số liệu của tỉnh; không bao giờ xóa"), None, DUTY, fixed=True),
)

BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}

# What a setting may change, and to no fewer days than this.
# A round lasts no longer than that: nobody is told twice, and who got a result hears when it is corrected or withdrawn.
_FEWEST = {"audit": 90, "told": 100, "report_letters": 100}
SETTABLE: Mapping[str, int] = {kind.name: _FEWEST.get(kind.name, 1) for kind in KINDS if kind.days is not None and not kind.fixed}


def periods(chosen: Mapping[str, int]) -> dict[str, int | None]:
    """Days by kind, as the deployment has them."""
    return {kind.name: chosen.get(kind.name, kind.days) for kind in KINDS}


def before(at: datetime, days: int) -> datetime:
    """What is older than this moment has been kept long enough."""
    return at - timedelta(days=days)
