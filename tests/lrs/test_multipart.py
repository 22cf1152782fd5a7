"""Reading and writing multipart/mixed: whatever the size of the pieces in which it comes, and whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lms.lrs.rules.faults import BadRequest
from lms.lrs.rules.multipart import MAX_HEADERS, boundary_of, last_boundary, media_type, part_head, parts

Part = tuple[dict[str, str], bytes]
BOUNDARY = "ranh gioi'()+_,-./:=?"


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def read(body: bytes, size: int = 7, boundary: str = "b") -> list[Part]:
    return [(headers, b"".join(content)) for headers, content in parts(cut(body, size), boundary)]


def written(given: list[Part], boundary: str) -> bytes:
    return b"".join(part_head(boundary, list(headers.items())) + content for headers, content in given) + last_boundary(boundary)


names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
header_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
# Octets that look like boundaries and ends of lines are the ones that matter.
contents = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"b", b"\r\n-", b"\r\n--", b"\0", b"x"]) | st.binary(max_size=9)
).map(b"".join)


@given(st.lists(st.tuples(st.dictionaries(names, header_values, max_size=3), contents), max_size=5), st.integers(1, 40))
@example([({}, b"")], 1)
@example([({"a": ""}, b"\r\n")], 2)
def test_what_was_written_is_read_whatever_the_pieces(given_parts: list[Part], size: int) -> None:
    boundary = "khong-co-trong-noi-dung"
    assert read(written(given_parts, boundary), size, boundary) == given_parts


@given(st.binary(max_size=300) | contents.map(lambda text: b"--b\r\n\r\n" + text + b"\r\n--b--"), st.integers(1, 50))
def test_any_octets_are_parts_or_refused_alike_whatever_the_pieces(body: bytes, size: int) -> None:
    def outcome(size: int) -> list[Part] | str:
        try:
            return read(body, size)
        except BadRequest as refusal:
            return refusal.message

    assert outcome(size) == outcome(1000)


@given(st.data())
def test_a_body_with_one_octet_changed_never_breaks_the_reader(data: st.DataObject) -> None:
    body = bytearray(written([({"content-type": "application/json"}, b"{}"), ({"x": "y"}, b"noi dung\r\n--khac")], "b"))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadRequest):
        read(bytes(body))


class TestAcceptedForms:
    def test_preamble_and_epilogue_are_passed_over(self) -> None:
        assert read(b"hello\r\n--x\r\n--b\r\nA: 1\r\n\r\ntext\r\n--b--\r\nbye --b\r\n--b\r\n") == [({"a": "1"}, b"text")]

    def test_the_first_boundary_may_begin_the_body_and_the_last_may_end_it(self) -> None:
        assert read(b"--b\r\n\r\ntext\r\n--b--") == [({}, b"text")]

    def test_white_space_after_a_boundary_is_passed_over(self) -> None:
        assert read(b"--b \t\r\n\r\ntext\r\n--b-- \t\r\n") == [({}, b"text")]

    def test_an_end_of_line_before_a_boundary_belongs_to_the_boundary_and_no_more(self) -> None:
        assert read(b"--b\r\n\r\ntext\r\n\r\n--b--") == [({}, b"text\r\n")]

    def test_a_part_may_be_empty_with_and_without_an_end_of_line_of_its_own(self) -> None:
        assert read(b"--b\r\nA: 1\r\n\r\n\r\n--b\r\nA: 2\r\n\r\n--b--") == [({"a": "1"}, b""), ({"a": "2"}, b"")]

    def test_a_header_may_be_folded_and_its_name_is_the_same_in_any_case(self) -> None:
        assert read(b"--b\r\nCONTENT-type : a/b;\r\n c=d\r\n\r\n\r\n--b--") == [({"content-type": "a/b; c=d"}, b"")]

    def test_a_header_given_twice_is_joined(self) -> None:
        assert read(b"--b\r\nA: 1\r\na: 2\r\n\r\n\r\n--b--") == [({"a": "1, 2"}, b"")]

    def test_boundaries_of_nothing_but_hyphens(self) -> None:
        assert read(b"-----\r\n\r\n--\r\n-----\r\n\r\nx\r\n-------", boundary="---") == [({}, b"--"), ({}, b"x")]

    def test_every_character_a_boundary_may_have(self) -> None:
        assert read(written([({}, b"x")], BOUNDARY), boundary=BOUNDARY) == [({}, b"x")]

    def test_no_parts(self) -> None:
        assert read(b"--b--") == []


class TestRefusedForms:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"text",
            b"--b",
            b"--b-",
            b"--b\r",
            b"--b\r\n",
            b"--b\r\n\r\n",
            b"--b\r\n\r\ntext",
            b"--b\r\n\r\ntext\r\n--b",
            b"--b\r\n\r\ntext\r\n--b-",
            b"--b\r\n\r\ntext\r\n--b\r\n\r\n",
        ],
    )
    def test_a_body_that_ends_before_its_last_boundary(self, body: bytes) -> None:
        with pytest.raises(BadRequest):
            read(body)

    @pytest.mark.parametrize(
        "body",
        [
            b"--b\n\ntext\n--b--\n",  # LF alone
            b"--b\r\rtext\r--b--\r",
            b"--b\r\n\r\ntext\n--b--\r\n",  # no CR before the boundary: it is content, and the body never ends
            b" --b\r\n\r\ntext\r\n --b--",
            b"--bb\r\n\r\ntext\r\n--bb--",  # another boundary that begins with ours
            b"--b\r\n\r\ntext\r\n--b--x",
            b"--b x\r\n\r\ntext\r\n--b--",
        ],
    )
    def test_boundaries_that_are_almost_right(self, body: bytes) -> None:
        with pytest.raises(BadRequest):
            read(body)

    @pytest.mark.parametrize("line", [b"no colon", b": no name", b"na me: x", b"n\xc3\xa1: x", b"a: x\0y", b"a: x\ny", b"a: x\ry"])
    def test_headers_that_are_none(self, line: bytes) -> None:
        with pytest.raises(BadRequest):
            read(b"--b\r\n" + line + b"\r\n\r\ntext\r\n--b--")

    def test_headers_without_end(self) -> None:
        taken = 0

        def endless() -> Iterator[bytes]:
            nonlocal taken
            yield b"--b\r\n"
            while True:
                taken += 1024
                yield b"a: " + b"x" * 1021

        with pytest.raises(BadRequest):
            next(parts(endless(), "b"))
        assert taken <= MAX_HEADERS + 2048

    def test_padding_without_end(self) -> None:
        def endless() -> Iterator[bytes]:
            yield b"--b"
            while True:
                yield b" " * 100

        with pytest.raises(BadRequest):
            next(parts(endless(), "b"))


def test_a_content_without_end_is_passed_on_as_it_comes() -> None:
    def endless() -> Iterator[bytes]:
        yield b"--b\r\n\r\n"
        while True:
            yield b"x" * 1000

    _headers, content = next(parts(endless(), "b"))
    assert sum(len(next(content)) for _turn in range(100)) > 90_000


def test_what_is_left_of_a_part_is_passed_over() -> None:
    assert [headers for headers, _content in parts(cut(b"--b\r\nA: 1\r\n\r\nlong text\r\n--b\r\nA: 2\r\n\r\n\r\n--b--", 3), "b")] == [
        {"a": "1"},
        {"a": "2"},
    ]


class TestBoundaryOfContentType:
    @pytest.mark.parametrize(
        ("content_type", "boundary"),
        [
            ("multipart/mixed; boundary=abc", "abc"),
            ("multipart/mixed;boundary=abc;", "abc"),
            ("Multipart/Mixed; charset=x; BOUNDARY=-------314159265358979323846", "-------314159265358979323846"),
            ('multipart/mixed; boundary="abcABC0123\'()+_,-./:=?"', "abcABC0123'()+_,-./:=?"),
            ('multipart/mixed; boundary="a b"', "a b"),
            ('multipart/mixed; boundary="a\\b"', "ab"),
            ("multipart/mixed; boundary=" + "a" * 70, "a" * 70),
        ],
    )
    def test_is_read(self, content_type: str, boundary: str) -> None:
        assert boundary_of(content_type) == boundary

    @pytest.mark.parametrize(
        "content_type",
        [
            "",
            "multipart/mixed",
            "multipart/mixed;",
            "multipart/mixed; boundary",
            "multipart/mixed; boundary=",
            'multipart/mixed; boundary=""',
            'multipart/mixed; boundary="a',
            'multipart/mixed; boundary="a "',
            "multipart/mixed; boundary=a; boundary=b",
            "multipart/mixed; boundary=a b",
            "multipart/mixed; boundary=ranhgiới",
            "multipart/mixed; boundary=a\r\nb",
            "multipart/mixed; boundary=" + "a" * 71,
        ],
    )
    def test_is_refused(self, content_type: str) -> None:
        with pytest.raises(BadRequest):
            boundary_of(content_type)

    @given(st.text(max_size=200))
    def test_never_breaks(self, content_type: str) -> None:
        media_type(content_type)
        with suppress(BadRequest):
            boundary_of(content_type)
