"""Files nobody means well with: XML and ZIP, for every format that opens them."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping

_ITEM = b'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i1" title="t">'
_MANIFEST = (
    b'<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><resources>'
    b'<resource identifier="r" type="imsqti_item_xmlv2p1" href="%s"/></resources></manifest>'
)
_DEEP = 200_000


def _laughs(root: bytes) -> bytes:
    entities = b'<!ENTITY l0 "lol">' + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    return b'<?xml version="1.0"?><!DOCTYPE x [' + entities + b"]><" + root + b">&l9;</" + root + b">"


def xml(root: bytes = b"quiz") -> Mapping[str, Callable[[], bytes]]:
    """Name → the file. Made when asked for: some are large."""
    external = b'<!DOCTYPE x [<!ENTITY e SYSTEM "%s">]><%s>&e;</%s>'
    return {
        "billion laughs": lambda: _laughs(root),
        "quadratic blow-up": lambda: b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100_000 + b'">]><' + root + b">" + b"&a;" * 5_000,
        "a file of this machine": lambda: external % (b"file:///etc/passwd", root, root),
        "an address of this machine": lambda: external % (b"http://127.0.0.1:9/x", root, root),
        "an external document type": lambda: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><' + root + b"/>",
        "a parameter entity": lambda: b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><' + root + b"/>",
        "nested 200,000 deep": lambda: b"<" + root + b">" + b"<a>" * _DEEP + b"</a>" * _DEEP + b"</" + root + b">",
        "not closed": lambda: b"<" + root + b">" + b"<a>" * 90,
        "five million elements": lambda: b"<" + root + b">" + b"<a/>" * 4_500_000 + b"</" + root + b">",
        "two million attributes": lambda: b"<" + root + b"".join(b' a%d=""' % n for n in range(1_500_000)) + b"/>",
        "one endless tag": lambda: b"<" + root + b' a="' + b"x" * 19_000_000,
        "one endless comment": lambda: b"<" + root + b"><!--" + b"x" * 19_000_000,
        "one endless text": lambda: b"<" + root + b">" + b"x" * 19_000_000 + "😀".encode() + b"</" + root + b">",
        "many long names": lambda: b"<" + root + b">" + b"".join(b"<a%0150d/>" % n for n in range(100_000)) + b"</" + root + b">",
        "a strange encoding": lambda: b'<?xml version="1.0" encoding="utf-7"?><' + root + b"/>",
        "an unknown encoding": lambda: b'<?xml version="1.0" encoding="no-such"?><' + root + b"/>",
        "not the encoding it says": lambda: b'<?xml version="1.0" encoding="UTF-16"?><' + root + b"/>",
        "no UTF-8": lambda: b"<" + root + b">\xff\xfe\xfd</" + root + b">",
        "a NUL": lambda: b"<" + root + b">\x00</" + root + b">",
        "only whitespace": lambda: b" \n\t" * 1_000,
    }


def archive(entries: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return target.getvalue()


def _with(entry: zipfile.ZipInfo, content: bytes = b"x") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("imsmanifest.xml", _MANIFEST % b"a.xml")
        package.writestr(entry, content)
    return target.getvalue()


def _link() -> bytes:
    entry = zipfile.ZipInfo("a.xml")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _with(entry, b"/etc/passwd")


def _renamed(found: bytes, wanted: bytes) -> bytes:
    """An archive whose entry is called what no library would write."""
    return archive({"imsmanifest.xml": _MANIFEST % b"a.xml", found.decode(): b"x"}, zipfile.ZIP_STORED).replace(found, wanted)


def _encrypted() -> bytes:
    data = bytearray(archive({"imsmanifest.xml": _MANIFEST % b"a.xml"}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _lying_size() -> bytes:
    """Its contents say ten bytes; what is packed is ten million."""
    data = bytearray(archive({"imsmanifest.xml": b" " * 10_000_000}))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 10)
    struct.pack_into("<I", data, 22, 10)
    return bytes(data)


def _items(content: bytes) -> bytes:
    return archive({"imsmanifest.xml": _MANIFEST % b"a.xml", "a.xml": content})


def zips() -> Mapping[str, Callable[[], bytes]]:
    return {
        "climbs out": lambda: archive({"../../etc/cron.d/x": b"x", "imsmanifest.xml": _MANIFEST % b"a.xml"}),
        "an absolute path": lambda: archive({"/etc/passwd": b"x"}),
        "a drive": lambda: archive({"C:/windows/x": b"x"}),
        "backslashes": lambda: _renamed(b"aa/bb/cc", b"..\\..\\cc"),
        "a NUL in a name": lambda: _renamed(b"aabbccdd", b"aa\x00bb/dd"[:8]),
        "a link": _link,
        "a password": _encrypted,
        "packed a thousand times": lambda: archive({"imsmanifest.xml": b"\0" * 50_000_000}),
        "two hundred megabytes": lambda: archive({f"{n}.bin": (bytes(range(256)) * 40) * 100 for n in range(200)}),
        "100,000 files": lambda: archive(dict.fromkeys(map(str, range(100_000)), b""), zipfile.ZIP_STORED),
        "the same name twice": lambda: archive({"aa.xml": b"1", "bb.xml": b"2"}).replace(b"bb.xml", b"aa.xml"),
        "cut short": lambda: archive({"imsmanifest.xml": _MANIFEST % b"a.xml", "a.xml": b"x" * 100_000})[:-60],
        "damaged inside": lambda: archive({"imsmanifest.xml": (_MANIFEST % b"a.xml") * 30}, zipfile.ZIP_STORED).replace(
            b"<manifest", b"<manifesu", 3
        ),
        "a size that lies": _lying_size,
        "not a ZIP": lambda: b"PK\x03\x04" + b"not a zip at all" * 100,
        "packed as bzip2": lambda: archive({"imsmanifest.xml": _MANIFEST % b"a.xml"}, zipfile.ZIP_BZIP2),
        "packed as LZMA": lambda: archive({"imsmanifest.xml": _MANIFEST % b"a.xml"}, zipfile.ZIP_LZMA),
        "nothing in it": lambda: archive({}),
        "no manifest": lambda: archive({"readme.txt": b"x"}),
        "a manifest that laughs": lambda: archive({"imsmanifest.xml": _laughs(b"manifest")}),
        "an item that reads a file": lambda: _items(
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + _ITEM + b"&e;</assessmentItem>"
        ),
        "an item that is deep": lambda: _items(_ITEM + b"<div>" * _DEEP + b"</div>" * _DEEP + b"</assessmentItem>"),
        "a manifest that points outside": lambda: archive({"imsmanifest.xml": _MANIFEST % b"../../../etc/passwd"}),
        "a manifest that points to an address": lambda: archive({"imsmanifest.xml": _MANIFEST % b"http://127.0.0.1:9/a.xml"}),
        "a million resources": lambda: archive(
            {
                "imsmanifest.xml": b"<manifest><resources>"
                + b'<resource type="imsqti_item_xmlv2p1" href="a"/>' * 300_000
                + b"</resources></manifest>"
            }
        ),
    }
