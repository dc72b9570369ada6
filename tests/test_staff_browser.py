"""The inbox as a receptionist uses it: a real process, a real Chromium, by mouse and by keyboard."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from desk import database as db
from desk import inbox as worklist
from desk import sealing, staff
from desk.agreed import agree
from desk.database import transaction, utc_now
from desk.handoff import raise_alert, request_callback
from desk.records import Delivery
from desk.settings import settings, today
from desk.staff_audit import list_events
from tests import browser as shared
from tests.browser import STANDARDS, skip_without_chromium
from tests.harness import ROOT, free_port, wait_for
from tests.staff_fixtures import ALL_NO, PASSWORD, USERS, book, say
from tests.test_staff_unreadable import with_another_key

LOOKS: Dict[str, Dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}

skip_without_chromium()
browser = shared.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The inbox as `make run` starts it, with a day's requests in it."""
    folder = tmp_path_factory.mktemp("inbox")
    port = free_port()
    environment = {
        "DATABASE_URL": f"sqlite:///{folder}/desk.db",
        "CONVERSATIONS_DB": f"{folder}/conversations.db",
        "DATA_KEY": "a key for the tests and for nothing else",
        "INBOX_PORT": str(port),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        for name in ("STAFF_URL", "SANIC_HOST", "ACTION_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        _forget()
        _a_day()
        log = folder / "staff.log"
        with open(log, "wb") as out:
            command = [sys.executable, str(ROOT / "launch.py"), "staff"]
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        try:
            wait_for(f"http://localhost:{port}/health")
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(15)
            _forget()
        said = log.read_text("utf-8")
        assert not any(word in said for word in ("Dana", "Lopez", "0142", "eliquis", "pregnan", "/requests/")), said


def _forget() -> None:
    db.forget_engines()
    sealing.forget_keys()
    settings.cache_clear()


def _a_day() -> None:
    for name, role in USERS.items():
        staff.create_user(name, PASSWORD, role, "(console)")
    lost = worklist.entry("consultation", book("Sealed Otherwise", conversation="lost").reference)
    with_another_key("consultation_request", lost.id, "name")
    seen = worklist.entry("consultation", book("Agreed Already", conversation="agreed").reference)
    agree(seen, seen.status, None, utc_now() + timedelta(days=3), "lee")
    booking = book(
        "Dana Lopez", ("I'm 34", "I take eliquis"), {**ALL_NO, "Q6_medicines": "yes", "Q5_skin_today": "unsure"}, "dana",
        windows=(),
    )  # fmt: skip
    say("dana", [("bot", "Hi, I'm the automated assistant."), ("user", "hi, i take eliquis"), ("bot", "Thank you for telling me.")])
    for number in range(26):
        book(f"Person {number:02}", conversation=f"p-{number}", phone=f"+155501002{number:02}")
    request_callback("k", "sms", "Rosa", "+15550100199")
    say("u", [("user", "i cant swallow"), ("bot", "Call 911 now.")])
    raise_alert("urgent", "u", "web")
    raise_alert("call_today", "dana", "web")
    entry = worklist.entry("consultation", booking.reference)
    with transaction() as session:
        session.add(
            Delivery(
                target="email", event="requested", subject="consultation", subject_id=entry.id, idempotency_key="k",
                state="dead", attempts=12, failure="refused", next_attempt_at=utc_now(),
            )
        )  # fmt: skip


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(**LOOKS["desktop"], accept_downloads=True)
    shown = context.new_page()
    problems: List[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
    yield shown
    context.close()
    assert not problems


def log_in(page: Any, address: str, user: str = "lee") -> None:
    page.goto(address)
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#live")


def test_a_day_at_the_desk(page: Any, address: str, tmp_path: Path) -> None:
    log_in(page, address, "ana")
    page.get_by_text("Somebody described an emergency").wait_for()
    page.locator(".alert", has_text="Somebody described").get_by_role("link", name="Read what was said").click()
    page.get_by_text("i cant swallow").first.wait_for()
    page.get_by_role("button", name="Taken care of").click()
    page.wait_for_selector("#live")
    assert page.get_by_text("Somebody described an emergency").count() == 0

    page.get_by_label("Reference, name or phone").fill("dana")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Dana Lopez").click()
    page.get_by_role("heading", name="Blood thinner").first.wait_for()
    assert page.locator("#card-title").inner_text().startswith("A provider looks first: Blood thinner")
    assert page.get_by_text("“eliquis”").first.is_visible() and page.get_by_text("Not sure", exact=True).is_visible()
    assert not page.get_by_text("question answered no").first.is_visible()
    page.get_by_text("How the rules came to this").click()
    assert page.get_by_text("question answered no").first.is_visible()
    page.locator(".why summary").first.click()
    assert page.locator(".cite a").first.is_visible()
    page.get_by_text("The conversation").click()
    assert page.get_by_text("hi, i take eliquis").is_visible()

    page.get_by_role("button", name="Contacted").click()
    page.get_by_text("The state was changed.").wait_for()
    page.get_by_label("Add a note").fill("Left a message")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("The note was added.").wait_for()
    assert page.locator(".staffnote", has_text="Left a message").is_visible()
    page.get_by_label("Day").fill(f"{today() + timedelta(days=400)}")
    page.get_by_label("Time", exact=True).fill("15:00")
    page.get_by_role("button", name="Confirm this time").click()
    assert page.evaluate("document.getElementById('day').validity.rangeOverflow"), "the browser says so at once"
    day = today() + timedelta(days=30)
    page.get_by_label("Day").fill(f"{day}")
    page.get_by_role("button", name="Confirm this time").click()
    page.get_by_text("The time is kept").wait_for()
    assert page.locator(".fact", has_text="Agreed").inner_text().startswith(f"Agreed\n{day:%a} {day.day} {day:%b}")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("It will be tried again").wait_for()

    page.get_by_role("link", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    file = tmp_path / "export.csv"
    download.value.save_as(file)
    assert "Dana Lopez" in file.read_text("utf-8-sig") and "Dana" not in download.value.suggested_filename

    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for()
    page.go_back()
    page.get_by_role("button", name="Log in").wait_for()
    done = {event.action for event in list_events(50, username="ana")}
    assert {
        "login", "viewed", "alert taken care of", "searched", "status changed", "note added", "time agreed",
        "delivery tried again", "exported", "logout",
    } <= done  # fmt: skip


def test_a_new_request_appears_by_itself_and_what_one_was_doing_stays(page: Any, address: str) -> None:
    log_in(page, address)
    page.get_by_label("Reference, name or phone").fill("half a wo")
    page.locator(".row h3 a").nth(3).focus()
    focused = page.evaluate("document.activeElement.id")
    book("Somebody New", conversation="new-1")
    page.get_by_role("link", name="Somebody New").wait_for(timeout=10_000)
    assert page.evaluate("document.activeElement.id") == focused
    assert page.get_by_label("Reference, name or phone").input_value() == "half a wo"
    page.wait_for_function("document.getElementById('news').textContent.includes('new request')")
    raise_alert("urgent", "new-1", "web")
    page.locator(".alert", has_text="Somebody New").wait_for(timeout=10_000)
    page.wait_for_function("/^\\(\\d+\\) /.test(document.title)")
    assert "Somebody" not in page.title()


def test_a_lost_connection_is_told_and_what_came_meanwhile_appears_when_it_is_back(page: Any, address: str) -> None:
    log_in(page, address)
    page.route("**/pulse", lambda route: route.abort())
    page.get_by_text("No connection to the inbox").wait_for(timeout=10_000)
    book("Came Meanwhile", conversation="new-2")
    page.unroute("**/pulse")
    page.get_by_role("link", name="Came Meanwhile").wait_for(timeout=20_000)
    page.get_by_text("No connection to the inbox").wait_for(state="hidden")


def test_a_login_that_is_over_hides_what_stands_on_the_screen(page: Any, address: str) -> None:
    log_in(page, address, "kim")
    page.get_by_role("link", name="Person 20").click()
    page.get_by_role("heading", name="Person 20").wait_for()
    staff.set_disabled("kim", True, "ana")
    try:
        page.get_by_role("button", name="Log in").wait_for(timeout=10_000)
        assert page.get_by_text("Person 20").count() == 0
        assert "/login?next=/requests/" in page.url
    finally:
        staff.set_disabled("kim", False, "ana")


def test_everything_is_reached_by_keyboard_alone(page: Any, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("lee")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#live")
    reached: List[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        ring, name, link = page.evaluate(
            """() => { const one = document.activeElement, own = getComputedStyle(one).outlineStyle,
                 after = getComputedStyle(one, "::after").outlineStyle;
                 return [own !== "none" || after !== "none", one.textContent.trim() || one.id, one.href || ""] }"""
        )
        assert ring, f"no focus ring on {name}"
        reached.append(name)
        if "/requests/" in link:
            break
    assert {"Skip to the content", "Requests", "Log out", "words", "Search"} <= set(reached)
    page.keyboard.press("Enter")
    page.wait_for_selector(".columns")
    page.locator("summary", has_text="Cancel it").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Yes, cancel it").is_visible()


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_axe_finds_nothing_on_any_page_and_nothing_is_cut_off(browser: Any, address: str, look: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(**LOOKS[look])
    page, axe, found = context.new_page(), Axe(), {}

    def check(name: str) -> None:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        for violation in axe.run(page, options={"runOnly": STANDARDS}).response["violations"]:
            found[f"{name}: {violation['id']}"] = [node["html"][:150] for node in violation["nodes"][:2]]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found[f"{name}: too wide"] = [f"{wide} px"]

    page.goto(address + "/login?next=/users")
    check("login")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    check("wrong password")
    log_in(page, address, "ana")
    check("list")
    request = page.evaluate("document.querySelector('.row h3 a[href^=\"/requests/\"]').pathname")
    own, kept = (
        f"/requests/{next(one.key for one in worklist.worklist('all', 100)[0] if one.name == name)}"
        for name in ("Dana Lopez", "Agreed Already")
    )
    for path in (
        "/?view=all&page=2", "/?view=cancelled", own, kept, request, request + "?said=moved", request + "?said=changed",
        kept + "?said=outside", "/callbacks/1",
        "/alerts/1", "/alerts/2", "/deliveries", "/opt-outs", "/audit", "/users", "/export", "/account", "/nowhere",
    ):  # fmt: skip
        page.goto(address + path)
        page.locator("h1").first.wait_for()
        if "page=2" in path:
            assert page.get_by_role("link", name="Cannot be read").is_visible()
        check(path.replace(request, "request"))
    page.goto(address)
    page.get_by_label("Reference, name or phone").fill("zzz")
    page.keyboard.press("Enter")
    page.get_by_text("Nobody found.").wait_for()
    check("nobody found")
    context.close()
    assert not found
