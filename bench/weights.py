"""What pages weigh on the line: bytes as they are sent, and how many requests a first visit makes.

The pages are told by EXPERIENCE's codes. Figures of lessons are fetched as the reader comes to them and counted apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from bench.answers import some_answer
from bench.browser import AGENT, Answer
from bench.data import AGENCY_CODE, COURSE, PASSWORD, ROOT_CODE, Province

KILO = 1000
_FROM_ELSEWHERE = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^)\"'\s]+)")


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many KB (1,000 bytes), requests and KB of scripts; None: no limit."""

    kilobytes: float
    requests: int | None = None
    scripts: float | None = None


SMALL = Budget(40, 4, 5)
TEST = Budget(90, 6, 25)
DASHBOARD = Budget(100, 6, 15)
SAVE = Budget(1.5, 1)
WHOLE_TEST = Budget(150)
STYLES = Budget(12)
SAVE_HTTP2 = "one save, HTTP/2 (at most)"


class Visitor(Protocol):
    """A browser: the one of a measurement, or a test's client."""

    @property
    def cookies(self) -> dict[str, str]: ...
    @property
    def token(self) -> str: ...
    def get(self, path: str, *, accept: str = "text/html") -> Answer: ...
    def post_form(self, path: str, values: dict[str, str]) -> Answer: ...
    def post_json(self, path: str, value: object) -> Answer: ...


class _Resources(HTMLParser):
    """The addresses a browser fetches by itself, and those it fetches when the reader scrolls to them."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once: list[str] = []
        self.later: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        relation = set(values.get("rel", "").split())
        if tag == "link" and relation & {"stylesheet", "icon", "preload", "modulepreload", "manifest"}:
            self.at_once.append(values["href"])
        elif tag in ("script", "img", "iframe", "source", "video", "audio", "embed") and values.get("src"):
            (self.later if values.get("loading") == "lazy" else self.at_once).append(values["src"])


@dataclass(slots=True)
class Weight:
    """What a visit of some pages, one after the other with an empty cache at first, brought."""

    name: str
    budget: Budget | None
    html: int = 0
    styles: int = 0
    scripts: int = 0
    images: int = 0
    requests: int = 0
    later: int = 0
    elsewhere: list[str] = field(default_factory=list)

    def add(self, other: Weight) -> None:
        self.html += other.html
        self.styles += other.styles
        self.scripts += other.scripts
        self.images += other.images
        self.requests += other.requests

    @property
    def total(self) -> int:
        return self.html + self.styles + self.scripts + self.images

    @property
    def faults(self) -> list[str]:
        """Which limits are exceeded, in words."""
        found = [f"{self.name}: fetches {address}" for address in self.elsewhere]
        if self.budget is None:
            return found
        limits = (
            ("KB", self.total / KILO, self.budget.kilobytes),
            ("requests", self.requests, self.budget.requests),
            ("KB of scripts", self.scripts / KILO, self.budget.scripts),
            ("KB of styles", self.styles / KILO, STYLES.kilobytes),
        )
        return found + [f"{self.name}: {value:.1f} {unit}, allowed {limit}" for unit, value, limit in limits if limit and value > limit]


def weigh(visitor: Visitor, name: str, budget: Budget | None, *pages: tuple[str, Answer], cached: set[str] | None = None) -> Weight:
    """`pages`: addresses with the answers already fetched; what they need and is not in `cached` is fetched here, and then is."""
    weight = Weight(name, budget)
    cached = set() if cached is None else cached
    for address, answer in pages:
        weight.html += len(answer.sent)
        weight.requests += 1
        resources = _Resources()
        resources.feed(answer.text)
        for path in resources.at_once + resources.later:
            target = urljoin(address, path)
            if urlsplit(target).netloc:
                weight.elsewhere.append(target)
            elif target not in cached:
                cached.add(target)
                _add(weight, visitor.get(target, accept="*/*"), later=path in resources.later)
    return weight


def _add(weight: Weight, answer: Answer, *, later: bool) -> None:
    size, kind = len(answer.sent), answer.headers["Content-Type"]
    if "css" in kind:
        weight.styles += size
        weight.elsewhere += _FROM_ELSEWHERE.findall(answer.text)
    elif "javascript" in kind:
        weight.scripts += size
    elif later:
        weight.later += size
        return
    else:
        weight.images += size
    weight.requests += 1


def weigh_all(new_visitor: Callable[[], Visitor], province: Province) -> list[Weight]:
    """A learner's way through sign-in, course and test, and the manager's page."""
    person = new_visitor()

    def page(name: str, budget: Budget | None, address: str) -> Weight:
        return weigh(person, name, budget, (address, person.get(address)))

    weights = [page("L1 sign-in", SMALL, "/sign-in")]
    person.post_form("/sign-in", {"login": province.learners[-1], "password": PASSWORD, "next": ""})
    weights.append(page("L3 home", SMALL, "/"))
    weights.append(page("L4 course", None, f"/courses/{COURSE}/"))
    weights.append(page("L5 lesson", None, f"/courses/{COURSE}/{province.lesson}"))
    weights += _weigh_test(person, province)
    manager = new_visitor()
    manager.get("/sign-in")
    manager.post_form("/sign-in", {"login": province.department, "password": PASSWORD, "next": ""})
    for name, code in (("M1 report, agency", AGENCY_CODE), ("M1 report, province", ROOT_CODE)):
        address = f"/reports/{province.past_quarter}/{code}"
        weights.append(weigh(manager, name, DASHBOARD, (address, manager.get(address))))
    return weights


def _weigh_test(person: Visitor, province: Province) -> list[Weight]:
    before = f"/rounds/{province.open_quarter}/start"
    prepared = (before, person.get(before))
    attempt = person.post_form(before, {"from_page": "1", "read": "1"}).headers["Location"]
    shown = (attempt, person.get(attempt))
    cached: set[str] = set()
    sitting = weigh(person, "L7+L8 test with its questions", TEST, prepared, shown, cached=cached)
    saves, whole = _weigh_saves(person, attempt)
    review, receipt = f"{attempt}/review", f"{attempt}/receipt"
    # Nobody gets to these two but from the test page, whose script they share.
    looked = weigh(person, "L9 looking through, after L8", SMALL, (review, person.get(review)), cached=cached)
    person.post_form(f"{attempt}/submit", {})
    done = weigh(person, "L10 receipt, after L8", SMALL, (receipt, person.get(receipt)), cached=cached)
    for part in (sitting, looked, done):
        whole.add(part)
    return [sitting, looked, done, *saves, whole]


def _weigh_saves(person: Visitor, attempt: str) -> tuple[list[Weight], Weight]:
    """Answer every question. The heaviest save in two counts, and what all of them weigh over HTTP/1.1."""
    http2 = Weight(SAVE_HTTP2, SAVE, requests=1)
    http1 = Weight("one save, HTTP/1.1", SAVE, requests=1)
    whole = Weight("whole test of 30 questions", WHOLE_TEST)
    paper: Any = person.get(attempt, accept="application/json").json
    for sequence, question in enumerate(paper["questions"], start=1):
        response = {"slot": question["slot"], "sequence": sequence, "answer": some_answer(question, Random(sequence)), "flagged": False}
        address = f"{attempt}/answers"
        answer = person.post_json(address, {"takeover": paper["takeover"], "responses": [response]})
        anew = _own_head(person, address, answer.request_bytes) + answer.request_bytes + answer.header_bytes + len(answer.sent)
        every_time = anew + _repeated_head(person)
        http2.html = max(http2.html, anew)
        http1.html = max(http1.html, every_time)
        whole.html += every_time
        whole.requests += 1
    return [http2, http1], whole


# What Chrome on a phone adds of its own accord.
_BROWSERS_OWN = (
    "Connection: keep-alive",
    'sec-ch-ua-platform: "Android"',
    f"User-Agent: {AGENT}",
    'sec-ch-ua: "Not)A;Brand";v="8", "Chromium";v="138", "Google Chrome";v="138"',
    "sec-ch-ua-mobile: ?1",
    "Origin: https://hoctap.thainguyen.gov.vn",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Dest: empty",
    "Referer: https://hoctap.thainguyen.gov.vn/attempts/00000000-0000-7000-8000-000000000000",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: vi-VN,vi;q=0.9",
)


def _repeated_head(person: Visitor) -> int:
    """Bytes of a request's head that stay the same from save to save: HTTP/1.1 repeats them, HTTP/2 says them once a connection."""
    cookies = "; ".join(f"{name}={content}" for name, content in person.cookies.items())
    return sum(len(line) + 2 for line in (*_BROWSERS_OWN, f"Cookie: {cookies}"))


def _own_head(person: Visitor, address: str, length: int) -> int:
    """Bytes of a request's head without those; HTTP/2 packs these, too, so this is more than it sends."""
    lines = (
        f"POST {address} HTTP/1.1",
        "Host: hoctap.thainguyen.gov.vn",
        f"Content-Length: {length}",
        f"X-CSRFToken: {person.token}",
        "Accept: application/json",
        "Content-Type: application/json",
        "",
    )
    return sum(len(line) + 2 for line in lines)
