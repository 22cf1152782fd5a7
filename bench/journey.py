"""What is measured: one person after the other signs in, reads a lesson, sits the test; the department looks at the results."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

from bench import floor
from bench.answers import some_answer
from bench.browser import Answer, Browser
from bench.data import AGENCY_CODE, COURSE, PASSWORD, ROOT_CODE, Province
from bench.measure import Sample, Series

READ, UPSERT = "floor: one indexed read", "floor: one upsert"
SIGN_IN = "sign-in"
SIGN_IN_WITHOUT_HASH = "sign-in, without the password hash"

# Each operation with the floor it is set against.
AGAINST = {
    READ: READ,
    UPSERT: UPSERT,
    SIGN_IN: UPSERT,
    SIGN_IN_WITHOUT_HASH: UPSERT,
    "home": READ,
    "lesson page, first look": UPSERT,
    "lesson page": READ,
    "start attempt": UPSERT,
    "test page (30 questions)": READ,
    "save one answer": UPSERT,
    "save a changed answer": UPSERT,
    "submit (30 answers)": UPSERT,
    "report page, agency": READ,
    "report page, province": READ,
}

Measure = Callable[[str, Callable[[], Answer]], Answer]


class Rounds:
    """Floor and operations in turn, so that whatever else the machine does falls on all of them alike."""

    def __init__(self, province: Province, floor_browser: Browser, service_browser: Callable[[], Browser], random: Random) -> None:
        self.province = province
        self.floor_browser = floor_browser
        self.service_browser = service_browser
        self.random = random
        self._fresh = iter(province.learners)
        self._numbers = itertools.count(1)
        self._department = signed_in(service_browser(), province.department)
        self._focal_point = signed_in(service_browser(), province.focal_point)

    def run(self, measure: Measure) -> None:
        """One round: every operation once."""
        province = self.province
        person = self.service_browser()
        person.get("/sign-in")
        form = {"login": next(self._fresh), "password": PASSWORD, "next": ""}
        self._floor_read(measure)
        measure(SIGN_IN, lambda: person.post_form("/sign-in", form))
        measure("home", lambda: person.get("/"))
        lesson = f"/courses/{COURSE}/{province.lesson}"
        measure("lesson page, first look", lambda: person.get(lesson))
        measure("lesson page", lambda: person.get(lesson))
        self._floor_upsert(measure)
        person.get(f"/rounds/{province.open_quarter}/start")
        start = f"/rounds/{province.open_quarter}/start"
        begun = measure("start attempt", lambda: person.post_form(start, {"from_page": "1", "read": "1"}))
        self._sit(measure, person, begun.headers["Location"])
        report = f"/reports/{province.past_quarter}"
        measure("report page, agency", lambda: self._focal_point.get(f"{report}/{AGENCY_CODE}"))
        measure("report page, province", lambda: self._department.get(f"{report}/{ROOT_CODE}"))

    def _sit(self, measure: Measure, person: Browser, attempt: str) -> None:
        measure("test page (30 questions)", lambda: person.get(attempt))
        paper = person.get(attempt, accept="application/json").json
        answers = [self._answer(question, sequence) for sequence, question in enumerate(paper["questions"], start=1)]
        first = answers[0]
        changed = {**first, "sequence": len(answers) + 1, "answer": some_answer(paper["questions"][0], self.random)}
        measure("save one answer", lambda: self._save(person, attempt, paper["takeover"], [first]))
        measure("save a changed answer", lambda: self._save(person, attempt, paper["takeover"], [changed]))
        self._save(person, attempt, paper["takeover"], answers[1:])
        measure("submit (30 answers)", lambda: person.post_form(f"{attempt}/submit", {}))

    def _answer(self, question: dict[str, object], sequence: int) -> dict[str, object]:
        return {"slot": question["slot"], "sequence": sequence, "answer": some_answer(question, self.random)}

    @staticmethod
    def _save(person: Browser, attempt: str, takeover: int, responses: list[dict[str, object]]) -> Answer:
        return person.post_json(f"{attempt}/answers", {"takeover": takeover, "responses": responses})

    def _floor_read(self, measure: Measure) -> None:
        number = self.random.randint(1, floor.ROWS)
        measure(READ, lambda: self.floor_browser.get(f"/rows/{number}"))

    def _floor_upsert(self, measure: Measure) -> None:
        row = {"id": self.random.randint(1, floor.ROWS), "value": f"changed {next(self._numbers)}"}
        measure(UPSERT, lambda: self.floor_browser.post_json("/rows", row))


def signed_in(browser: Browser, login: str) -> Browser:
    browser.get("/sign-in")
    browser.post_form("/sign-in", {"login": login, "password": PASSWORD, "next": ""})
    browser.get("/")
    return browser


def without_hash(series: Series) -> Series:
    """The sign-ins with each one's own password hash taken away."""
    return Series(
        [
            Sample(
                web=sample.web - (sample.hash or 0),
                database=sample.database,
                wall=sample.wall - (sample.hash or 0),
                queries=sample.queries,
                hash=None,
            )
            for sample in series.samples
        ]
    )
