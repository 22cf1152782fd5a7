"""Pictures: written anew, kept once, shown to those who may see a question that has them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

import pytest
import time_machine
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from lms.kit.errors import DomainError
from quizzes.interchange.yaml_file import parse
from quizzes.models import Picture
from quizzes.operations.bank import import_items
from quizzes.operations.media import drop_unused_pictures, store_picture
from quizzes.rules.pictures import LARGEST_IN, LARGEST_OUT, LONGEST_SIDE, prepared
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, CLOSES, OPENS, QUARTER, draft, make_learners, make_round


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def file_of(image: Image.Image, name: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def drawing(size: tuple[int, int] = (320, 200), mode: str = "RGB", colour: str = "#0b4f9e") -> Image.Image:
    return Image.new(mode, size, colour)


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    return Image.frombytes(mode, size, Random(1).randbytes(size[0] * size[1] * len(mode)))


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "GIF"])
def test_pictures_of_four_formats_come_out_as_what_every_browser_shows(name: str) -> None:
    picture = prepared(file_of(drawing(), name))
    assert picture.media_type in ("image/png", "image/jpeg")
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (picture.width, picture.height) == (320, 200)
    assert picture.scale == 1


def test_nothing_but_the_pixels_remains() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    exif[0x0112] = 6  # lies on its side
    photograph = noise((64, 32))
    picture = prepared(file_of(photograph, "JPEG", exif=exif.tobytes()) + b"<script>alert(1)</script>PK\x03\x04")
    assert (picture.width, picture.height) == (32, 64), "it stands upright"
    for hidden in (b"SECRET-PLACE", b"Exif", b"<script>", b"PK\x03\x04"):
        assert hidden not in picture.content


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_what_is_too_heavy_is_made_smaller_and_says_by_how_much(mode: str) -> None:
    picture = prepared(file_of(noise((700, 500), mode)))
    assert len(picture.content) <= LARGEST_OUT
    assert picture.width <= LONGEST_SIDE
    assert picture.scale == pytest.approx(picture.width / 700)
    wide = prepared(file_of(drawing((4000, 100))))
    assert (wide.width, wide.height, wide.scale) == (1600, 40, 0.4)


def test_the_same_picture_comes_out_the_same() -> None:
    content = file_of(drawing(mode="RGBA"))
    assert prepared(content) == prepared(content)
    assert prepared(content).media_type == "image/png", "what is transparent stays so"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"BM" + b"\x00" * 60,
        b"%PDF-1.7",
        b"II*\x00" + b"\x00" * 100,
        file_of(drawing())[:120],
        b"\xff\xd8\xff\xe0" + b"\x00" * 64,
        png_that_claims(60_000, 60_000),
        png_that_claims(5_000, 5_000),
        png_that_claims(300, 300),
        file_of(drawing((3, 3))),
        b"\x89PNG" + b"x" * LARGEST_IN,
    ],
    ids=[
        "empty",
        "gif head",
        "svg",
        "svg in xml",
        "bmp",
        "pdf",
        "tiff",
        "cut png",
        "broken jpeg",
        "bomb",
        "many",
        "no pixels",
        "tiny",
        "large",
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_picture_or_too_much_of_one_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(DomainError) as refused:
        prepared(content)
    assert refused.value.code == "bad_picture"


def test_a_picture_is_kept_once(database: Database) -> None:
    for _time in range(2):
        with database.transaction() as session:
            picture = store_picture(session, file_of(drawing()), AT)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Picture)) == 1
        assert session.get_one(Picture, picture.sha256).content == picture.content


def test_pictures_no_question_has_are_thrown_away_in_time(database: Database) -> None:
    with database.transaction() as session:
        used, old, new = (store_picture(session, file_of(drawing(colour=colour)), AT) for colour in ("#111", "#222", "#333"))
        session.get_one(Picture, new.sha256).stored_at = AT + timedelta(days=2)
        shown = {"sha256": used.sha256, "alt": "Hình", "width": 320, "height": 200}
        import_items(session, SERVICE, [draft(1), draft(2, "true_false", body={"picture": shown})], "test", OPENS)
    with database.transaction() as session:
        assert drop_unused_pictures(session, AT + timedelta(days=1)) == 1
        assert set(session.scalars(select(Picture.sha256))) == {used.sha256, new.sha256}
        assert old.sha256 != used.sha256


def test_a_picture_is_shown_to_who_has_the_paper_and_to_who_may_see_the_bank_and_to_nobody_else(
    database: Database, sign_in: Callable[[str], FlaskClient], clock: time_machine.Traveller
) -> None:
    with database.transaction() as session:
        picture = store_picture(session, file_of(drawing()), AT)
        unused = store_picture(session, file_of(drawing(colour="#fff")), AT)
        shown = {"sha256": picture.sha256, "alt": "Nút ký số", "width": picture.width, "height": picture.height}
        spots = [
            {"id": "a", "text": "Nút Ký", "shape": "rect", "coords": [10, 10, 50, 20]},
            {"id": "b", "text": "Nút Gửi", "shape": "circle", "coords": [200, 100, 20]},
        ]
        hotspot = draft(1, body={"picture": shown, "spots": spots}, key=["a"], whys={"a": "Đúng nút", "b": "Nút khác"})
        import_items(session, SERVICE, [type(hotspot)(**{**_fields(hotspot), "kind": "hotspot"})], "test", OPENS)
        make_learners(session, "an", "ba")
        author = make_person(session, "Trần Thị Soạn", agency=make_agency(session, "Sở KHCN"), login="soan")
        grant(session, author, Role.AUTHOR)
        make_round(session, questions=1)
    an, address = sign_in("an"), f"/media/{picture.sha256}"
    assert an.get(address).status_code == 404, "before the paper is given"
    attempt = an.post(f"/rounds/{QUARTER}/start").location
    page = an.get(attempt).text
    assert f'src="{address}"' in page
    assert 'alt="Nút ký số"' in page
    assert '<rect x="10" y="10" width="50" height="20"/>' in page
    assert "A. Nút Ký" in page
    assert "Đúng nút" not in page
    answer = an.get(address)
    assert answer.data == picture.content
    assert answer.mimetype == "image/png"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert an.get(f"/media/{unused.sha256}").status_code == 404
    an.post(f"{attempt}/answers", data={"slot": "1", "takeover": "1", "answer": "b"})
    an.post(f"{attempt}/submit")
    assert "picture__place--right" not in an.get(f"{attempt}/result").text, "no key before the round is closed"
    clock.move_to(CLOSES)
    result = sign_in("an").get(f"{attempt}/result").text
    assert 'picture__place--right" data-place="a"' in result
    assert 'picture__place--chosen" data-place="b"' in result
    clock.move_to(AT)
    assert an.get("/media/..%2Fetc").status_code == 404
    assert sign_in("ba").get(address).status_code == 404
    writer = sign_in("soan")
    assert writer.get(f"/media/{unused.sha256}").status_code == 200
    assert writer.get(f"/media/{'0' * 64}").status_code == 404


QUESTIONS = """
topic: IT5.1
items:
  - code: H-1
    kind: hotspot
    level: TH
    stem: "Nút nào?"
    picture: {sha256: "SHA", alt: "Hai nút", width: 320, height: 200}
    spots:
      - {id: a, text: "Ký", shape: rect, coords: [10, 10, 50, 20], why: "Đúng"}
      - {id: b, text: "Gửi", shape: circle, coords: [200, 100, 20], why: "Sai"}
    key: [a]
    explanation: "Vì vậy."
  - code: H-2
    kind: essay
    level: VD
    stem: "Trình bày."
    rubric: [{id: a, text: "Căn cứ", points: 4}, {id: b, text: "Đề xuất", points: 6}]
    guidance: "Ý chính"
    markers: 2
    explanation: "Tham khảo."
""".replace("SHA", "a" * 64)


def test_question_files_have_places_on_pictures_and_essays() -> None:
    parsed = parse(QUESTIONS.encode())
    assert parsed.faults == ()
    hotspot, essay = parsed.items
    assert hotspot.body["spots"][1] == {"id": "b", "text": "Gửi", "shape": "circle", "coords": [200, 100, 20]}
    assert hotspot.body["picture"]["sha256"] == "a" * 64
    assert (hotspot.key, hotspot.whys) == (["a"], {"a": "Đúng", "b": "Sai"})
    assert essay.body == {
        "rubric": [{"id": "a", "text": "Căn cứ", "points": 4}, {"id": "b", "text": "Đề xuất", "points": 6}],
        "guidance": "Ý chính",
        "markers": 2,
    }
    assert essay.key == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('alt: "Hai nút"', 'alt: ""', "“alt” phải là chữ"),
        ("width: 320", "width: x", "số nguyên"),
        ("[10, 10, 50, 20]", "[10, 10, 500, 20]", "nằm trong hình"),
        ("[10, 10, 50, 20]", "10", "danh sách"),
        ("a" * 64, "../../etc", "kho hình"),
        ("markers: 2", "markers: 9", "1 hoặc 2"),
        ("points: 4", "points: 0", "số điểm nguyên"),
        ("height: 200}", "height: 200, onload: x}", "“picture” cần"),
    ],
)
def test_what_is_wrong_with_them_is_said(before: str, after: str, words: str) -> None:
    faults = parse(QUESTIONS.replace(before, after, 1).encode()).faults
    assert any(words in str(fault.problem) for fault in faults), faults


def _fields(item: object) -> dict[str, object]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}  # type: ignore[attr-defined]
