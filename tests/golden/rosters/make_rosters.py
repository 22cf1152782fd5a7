"""Writes the two hostile rosters kept beside this file: `python -m tests.golden.rosters.make_rosters`.

They look like what personnel offices send. What must become of every row is in the .yaml beside each; change both together.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

FOLDER = Path(__file__).parent
NBSP = "\u00a0"


def department(path: Path) -> None:
    """One department: preamble, header of two merged rows, column numbers, sections, birth dates under Nam or Nữ, totals, signatures."""
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False})
    sheet = workbook.add_worksheet("DS CBCC")
    bold = workbook.add_format({"bold": True, "align": "center", "text_wrap": True})
    day = workbook.add_format({"num_format": "dd/mm/yyyy"})
    sheet.merge_range("A1:E1", "UBND TỈNH THÁI NGUYÊN", bold)
    sheet.merge_range("H1:P1", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold)
    sheet.merge_range("A2:E2", "SỞ KHOA HỌC VÀ CÔNG NGHỆ", bold)
    sheet.merge_range("H2:P2", "Độc lập - Tự do - Hạnh phúc", bold)
    sheet.merge_range("A4:P4", "DANH SÁCH CÁN BỘ, CÔNG CHỨC, VIÊN CHỨC", bold)
    sheet.merge_range("A5:P5", "(Kèm theo Công văn số 123/SKHCN-VP ngày 05 tháng 11 năm 2026)")
    # Rows 7 and 8: the header.
    for column, label in ((0, "STT"), (1, "Họ và tên"), (4, "Dân tộc"), (5, "Chức vụ/\nChức danh"), (6, "Đơn vị công tác")):
        sheet.merge_range(6, column, 7, column, label, bold)
    sheet.merge_range("C7:D7", "Ngày, tháng, năm sinh", bold)
    sheet.merge_range("H7:K7", "Trình độ", bold)
    for column, label in ((11, "Ngạch/Mã số"), (12, "Số CCCD"), (13, "Điện thoại"), (14, "Email"), (15, "Ghi chú")):
        sheet.merge_range(6, column, 7, column, label, bold)
    for column, label in ((2, "Nam"), (3, "Nữ"), (7, "CM"), (8, "LLCT"), (9, "Tin học"), (10, "NN")):
        sheet.write(7, column, label, bold)
    for column in range(16):
        sheet.write(8, column, f"({column + 1})")
    rows: list[tuple[Any, ...]] = [
        # STT, name, nam, nữ, dân tộc, chức vụ, đơn vị, CM, LLCT, tin học, NN, ngạch, CCCD, phone, email, note
        ("I", "Văn phòng"),
        (
            1,
            "Nguyễn Văn" + NBSP + "An",
            "05/7/1975",
            None,
            "Kinh",
            "Chánh Văn phòng",
            None,
            "Thạc sĩ QLNN",
            "CC",
            "Cơ bản",
            "B",
            "01.003",
            "019075000123",
            "0912.345.678",
            "an.nv@thainguyen.gov.vn",
        ),
        (2, "Hoàng Thị Mỷ", None, "31/02/1975", "Tày", "Chuyên viên", None, "ĐH", "TC", "B", "B", "01.003", "019175000124", "0912345679"),
        (3, "Nông Văn Dũng", "1971", None, "Nùng", "nt", None, "ĐH", "SC", "''", "-", "nt", 19071000125, 912345680),
        (4, "Lê Thị Ánh", None, 31233, "Kinh", "Văn thư", None, "TC", "-", "A", "-", "02.008", "019185000126", "(0208) 3855 123"),
        ("II", "Chi cục Tiêu chuẩn Đo lường Chất lượng"),
        (
            1,
            "TRẦN QUỐC BẢO",
            "15-08-82",
            None,
            "Kinh",
            "Chi cục trưởng",
            None,
            "TS",
            "CC",
            "ĐH CNTT",
            "C",
            "01.002",
            "019082000127",
            "0987654321/0912000111",
            "bao.tq@thainguyen",
        ),
        (
            2,
            "Ma Thị  Hòa ",
            None,
            date(1990, 3, 12),
            "Tày",
            "Chuyên viên",
            "Sở Khoa học và Công nghẹ",
            "ĐH CNTT",
            "-",
            "Nâng cao",
            "B",
            "01.003",
            "019190000128",
            "0356789012",
        ),
        (3, "Đỗ Văn Cường", "01/01/1988", "01/01/1988", "Kinh", "Chuyên viên", None, "ĐH", "-", "B", "B", "01.003", None, None),
        (None, "Cộng II", None, None, None, None, None, 3),
        ("III", "Trung tâm Công nghệ thông tin và Truyền thông"),
        (
            1,
            "Lương Văn Phúc",
            "20/11/1992",
            None,
            "Kinh",
            "Giám đốc",
            "Trung tâm CNTT và Truyền thông",
            "ThS",
            "TC",
            "ĐH",
            "B",
            "V.11",
            "019092000129",
            "0868123456",
        ),
        (2, "Phạm Thị Hà", None, "09/09/1995", "Kinh", "Kế toán", None, "ĐH", "-", "B", "B", "06.031", "123456789", "12345"),
        (3, "Phạm Thị Hà", None, "09/09/1995", "Kinh", "Viên chức", None, "ĐH", "-", "B", "B", "06.031", None, None),
        (
            "3",
            "Giàng A Páo",
            "2/9/1999",
            None,
            "Mông",
            "Kỹ thuật viên",
            None,
            "CĐ",
            "-",
            "CĐ",
            "A",
            "V.11",
            "006099000131",
            "+84 37 123 4567",
        ),
        (None, "Tổng cộng: 10 người", None, None, None, None, None, 10),
        (),
        (None, None, None, None, None, None, None, None, None, None, None, "Thái Nguyên, ngày 05 tháng 11 năm 2026"),
        (None, "NGƯỜI LẬP BIỂU", None, None, None, None, None, None, None, None, None, "THỦ TRƯỞNG ĐƠN VỊ"),
        (),
        (None, "Lê Thị Ánh", None, None, None, None, None, None, None, None, None, "Trần Văn Sáu"),
        (11, "Vũ Thị Sót", None, "10/10/1980", "Kinh", "Chuyên viên", None, "ĐH", "-", "B", "B", "01.003", None, None),
    ]
    for number, values in enumerate(rows, 9):
        for column, value in enumerate(values):
            if isinstance(value, date):
                sheet.write_datetime(number, column, value, day)
            elif value is not None:
                sheet.write(number, column, value)
    sheet.set_row(12, None, None, {"hidden": True})
    workbook.close()


def communes(path: Path) -> None:
    """One sheet per commune, headers of different words, a sheet that is no roster, a hidden one, identifiers that clash."""
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False})
    day = workbook.add_format({"num_format": "dd/mm/yyyy"})

    def fill(name: str, rows: list[tuple[Any, ...]]) -> Any:
        sheet = workbook.add_worksheet(name)
        for number, values in enumerate(rows):
            for column, value in enumerate(values):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif value is not None:
                    sheet.write(number, column, value)
        return sheet

    fill("Ghi chú", [("Danh sách gửi kèm, đỏ là nghỉ hưu",), ("Người gửi: văn thư",)])
    header = (
        "TT",
        "Mã CB",
        "HỌ VÀ TÊN CBCC",
        "Ngày sinh",
        "Giới tính",
        "Cơ quan",
        "Chức danh",
        "Nhóm đối tượng",
        "Công tác CNTT",
        "SĐT",
        "CMND/CCCD",
    )
    fill(
        "Đông Ngũ",
        [
            ("DANH SÁCH CBCCVC XÃ ĐÔNG NGŨ",),
            header,
            (
                1,
                "CB00016",
                "Lý Văn Sáng",
                date(1980, 5, 6),
                "Nam",
                "UBND XÃ ĐÔNG NGŨ",
                "Chủ tịch UBND xã",
                "N1",
                None,
                "0912345001",
                "019080000201",
            ),
            (
                2,
                "cb 00017",
                "Đặng Thị Mai",
                "12.10.1985",
                "Nữ",
                "''",
                "Công chức văn hóa - xã hội",
                "2",
                "Kiêm nhiệm",
                "0912345002",
                "019185000202",
            ),
            (3, "CB00018", "Hoàng Văn Tú", "5/7/85", "nam", "xã Đông Ngũ", "Trưởng phòng", None, "x", "0912345003", "019085000203"),
            header,
            (4, "CB00016", "Bùi Thị Lan", "01/02/1990", "Nữ", "Xã Đông Ngũ", "Kế toán", "N5", None, None, None),
            (5, "CB00020", "Nguyễn Văn A1", "01/02/1990", "Nam", "Xã Đông Ngũ", "Công chức", "N2", None, None, None),
            (6, "CB00021", "Chu Văn Khang", "1968", "Nam", "Xã Đông Ngữ", "Công chức", "N2", "Không", None, "19068000206"),
            (7, "CB00022", "Triệu Thị Yến", "15/03/2020", "Nữ", "Xã Đông Ngũ", "Công chức", "N2", None, None, None),
            (8, "CB00023", "Phùng Văn Quý", "15/03/1979", "Nam", "Xã Đông Ngũ", "Công chức", "N9", None, None, None),
            (
                9,
                "CB00024",
                "Lò Thị Êm",
                "15/03/1983",
                "Nữ",
                "Ủy ban nhân dân xã Phúc Lọc",
                "Công chức",
                "Công chức hành chính",
                "Bán chuyên trách",
                None,
                None,
            ),
            (10, "CB00025", "Sùng A Sử", "13/25/1983", "?", "Xã Đông Ngũ", "Công chức", "N2", None, None, "0190830002"),
        ],
    )
    fill(
        "Phúc Lộc",
        [
            ("STT", "Họ đệm", "Tên", "Năm sinh", "Giới tính", "Chức vụ", "Phòng", "Mã đơn vị"),
            (1, "Nguyễn Thị", "Hoa", 1991, "Nữ", "Chuyên viên", "Phòng Văn hóa - Xã hội"),
            (2, "Nguyễn Thị", "Hoa", 1991, "Nữ", "Chuyên viên", "Phòng Kinh tế"),
            (3, "Trần", "Đức", 33000, "Nam", "Bí thư Đảng ủy", "Văn phòng Đảng ủy"),
            (4, "Hà Văn", "Tình", "30/4/1975", "Nam", "Chuyên viên", None, "H55.201"),
            (5, "Hà Văn", "Nghĩa", "30/4/1976", "Nam", "Chuyên viên", None, "H55.999"),
            (6, "NguyÔn V¨n", "Th¾ng", "1980", "Nam", "Chuyên viên"),
        ],
    )
    fill("Nháp", [("Họ và tên", "Ngày sinh", "Chức vụ"), ("Người Nháp", "1/1/1990", "Thử")]).hide()
    workbook.close()


if __name__ == "__main__":
    department(FOLDER / "so-khcn.xlsx")
    communes(FOLDER / "hai-xa.xlsx")
