"""Passwords that everybody guesses first. Compared without marks, capitals and spaces; a year or a few digits at the end, or a letter
written as a digit, make no such word a better one."""

from __future__ import annotations

import re
from itertools import pairwise

_WORDS = frozenset(
    """
    password passw0rd passwd pass admin administrator root superadmin sysadmin user guest test tester demo default temp changeme letmein
    welcome login secret master access hello helloworld iloveyou loveyou lovely princess princesses sunshine shadow monkey dragon tiger
    football baseball basketball soccer superman batman spiderman starwars pokemon naruto doraemon conan michael jordan jennifer jessica
    ashley daniel thomas robert andrew charlie george matthew computer internet samsung iphone android google facebook youtube zalo tiktok
    windows microsoft oracle cisco linksys router wifi server database backup system manager office excel qwerty qwertyui qwertyuiop
    asdfgh asdfghjkl zxcvbnm zxcvbn qazwsx qazwsxedc qwer qwerasdf qweasd qweasdzxc asdf zaqxsw abc abcd abcde abcdef abcdefgh abcdefg
    trustno whatever freedom flower cookie cheese banana orange apple chocolate summer winter autumn spring monday friday january december
    matkhau matkhaumoi matkhaucu matma mk makhau taikhoan dangnhap kichhoat nguoidung quantri quantrivien quanly hethong maychu mayrinh
    anhyeuem emyeuanh yeuem yeuanh yeu anhnhoem emnhoanh nhoem nhoanh vochong chongyeu voyeu conyeu conyeume yeume yeubo yeubome bome
    giadinh hanhphuc maimai maimaiyeuem tinhyeu tinhban banbe nguoiyeu congchua hoangtu thienthan matrang ngoisao bautroi hoahong
    hoamai hoadao hoasen hoahuongduong bupsen conmeo concho conga conlon conheo convit meocon cunyeu beyeu begai betrai conrong rongvang
    vietnam vietnamvodich vietnamoi vietnamtoiyeu toiyeuvietnam tovietnam hanoi saigon hochiminh tphcm danang haiphong cantho hue thainguyen
    backan quangninh halong langson caobang hagiang tuyenquang laocai yenbai sonla dienbien laichau hoabinh phutho vinhphuc bacgiang bacninh
    haiduong hungyen namdinh ninhbinh thaibinh thanhhoa nghean hatinh quangbinh quangtri quangnam quangngai binhdinh phuyen khanhhoa
    ninhthuan binhthuan kontum gialai daklak daknong lamdong binhphuoc tayninh binhduong dongnai vungtau longan tiengiang bentre travinh
    vinhlong dongthap angiang kiengiang haugiang soctrang baclieu camau ninhkieu phuquoc dalat nhatrang sapa
    ubnd ubndtinh ubndxa ubndphuong ubndhuyen hdnd uybannhandan hoidongnhandan sonoivu soyte sotaichinh sogiaoduc sotuphap sotttt sokhcn
    sokhoahoc congan quandoi bodoi giaoduc nhatruong truonghoc tieuhoc thcs thpt mamnon benhvien tramyte vanphong vanthu vanphongubnd
    canbo congchuc vienchuc nguoilaodong congvu congvulms lms chuyendoiso chuyendoi chinhphu chinhquyen chinhquyenso chinhphuso kinhteso
    xahoiso congdan congdanso kynangso dichvucong motcua bophanmotcua tapdoan daotao boiduong hoctap hocvien giangvien giaovien hocsinh
    sinhvien kiemtra sathach thitracnghiem dauthau dangvien dangcongsan doanthanhnien congdoan phunu nongdan mattran hoicuuchienbinh
    xinchao chaoban camon camonban khongbiet khongnho quenmatkhau quenroi binhan maymanphattai phatdat phattai locphat tailoc thanhcong
    chienthang vodich songlong namquocsonha nguyenvana nguyenvan tranvan levan phamvan hoangvan nguyenthi tranthi lethi phamthi
    nguyenanh tuananh minhanh hoanganh ducanh quynhanh thuylinh ngoclinh hongnhung thuhuong thuha thanhhuong minhduc quanghuy huyhoang
    phuongthao khanhlinh baochau giabao minhquan thanhtung anhtuan vanhung quocbao hungcuong
    """.split()  # noqa: SIM905  # one word a line would be 300 lines
)
_DIGITS = frozenset(
    """
    1234567 12345678 123456789 1234567890 0123456789 01234567 012345678 87654321 987654321 9876543210 123123123 123321123 12341234
    11223344 1122334455 112233445566 12121212 10101010 20202020 13131313 14141414 22446688 13579246 135792468 24681012 147258369 159357456
    147896325 741852963 963852741 789456123 456789123 123654789 159753456 68686868 86868686 39393939 79797979 78787878 88888888 66668888
    66886688 68681368 19001560 19006868 02081975 30041975 02091945 19121946 22121944 19051890 07051954 27071947 20112011 08031910
    113114115 113115114 01012000 01011990 01011980 1q2w3e4r 1q2w3e4r5t 1qaz2wsx q1w2e3r4 a1b2c3d4 abc12345 abcd1234 a1234567 aa123456
    qwe12345 123qweasd 123456abc 123abc123 1a2b3c4d zaq12wsx qwer1234 asdf1234 p4ssw0rd
    """.split()  # noqa: SIM905
)
_LOOKALIKES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_ORNAMENT = re.compile(r"^[^a-z]+|[^a-z]+$")


def is_common(folded: str) -> bool:
    """`folded`: small letters without marks or spaces."""
    if folded in _DIGITS or folded in _WORDS or _is_run(folded):
        return True
    core = _ORNAMENT.sub("", folded)
    ornaments = folded[: folded.find(core)] + folded[folded.find(core) + len(core) :] if core else folded
    # A word and a little around it: matkhau@123, hanoi2026, admin!!!
    if len(ornaments) <= 6 and (core in _WORDS or core.translate(_LOOKALIKES) in _WORDS):
        return True
    return folded.translate(_LOOKALIKES) in _WORDS or _is_repeated(folded)


def _is_run(text: str) -> bool:
    """12345678, abcdefgh, 87654321."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(text) > 3 and steps in ({1}, {-1})


def _is_repeated(text: str) -> bool:
    """abcabcabc, hanoihanoi, 12341234."""
    return re.fullmatch(r"(.{1,5})\1+.{0,2}", text) is not None or any(text == word * 2 for word in _WORDS)
