"""Take the README's pictures of the staff inbox: `python -m tests.inbox_screenshots [FOLDER]`.

Starts an inbox of its own with made-up people, in headless Chromium, and writes docs/inbox*.png.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import ARGS
from tests.harness import ROOT, free_port, wait_for


def people() -> None:
    """A morning's requests."""
    from desk import staff
    from desk.database import transaction, utc_now
    from desk.handoff import raise_alert, request_callback
    from desk.records import Alert, Callback, Consultation
    from desk.settings import now
    from desk.windows import read_windows
    from tests.staff_fixtures import ALL_NO, PASSWORD, book, say

    staff.create_user("ana", PASSWORD, "admin", "(console)")

    def ask(minutes: int, name: str, said: tuple, times: str, channel: str = "web", email: str = "", **yes: str) -> None:
        from candidacy.knowledge import load

        answers: Dict[str, str] = {**ALL_NO, **yes}
        changes: Dict[str, Any] = {"phone": None, "email": email} if email else {"phone": f"+15550100{140 + minutes % 50}"}
        made = book(name, said, answers, name, channel=channel, windows=read_windows(times, now(), load().clinic), **changes)
        with transaction() as session:
            row = session.query(Consultation).filter_by(reference=made.reference.replace("-", "")).one()
            row.created_at = utc_now() - timedelta(minutes=minutes)

    ask(1500, "Eleanor Whitfield", ("I'm 47",), "wednesday afternoon", Q5_skin_today="unsure")
    ask(190, "Tom Baker", ("I'm 36", "I had a chemical peel last week"), "friday", Q7_recent_procedures="yes")
    ask(95, "Priya Raman", ("I'm 41",), "any day", email="priya@example.org")
    ask(26, "Marcus Webb", ("I am 58", "I take eliquis and a baby aspirin"), "weekday mornings", channel="sms", Q6_medicines="yes")
    ask(4, "Dana Lopez", ("I'm 34", "I'm 10 weeks pregnant"), "tuesday morning", Q2_pregnancy="yes")
    say("Marcus Webb", [
        ("bot", "Do you take any medicines or supplements? For example blood thinners, aspirin, or isotretinoin."),
        ("user", "I take eliquis and a baby aspirin"),
        ("bot", "Thank you for telling me. Keep taking both as prescribed. A provider will look at this first."),
    ])  # fmt: skip
    request_callback("Rosa", "web", "Rosa Marin", "+15550100199")
    say("emergency", [
        ("user", "had my treatment yesterday and now i cant swallow"),
        ("bot", "This may be an emergency. Call 911 now. Do not wait for the clinic."),
    ])  # fmt: skip
    raise_alert("urgent", "emergency", "web")
    with transaction() as session:
        session.query(Alert).one().created_at = utc_now() - timedelta(minutes=2)
        session.query(Callback).one().created_at = utc_now() - timedelta(minutes=11)


def shoot(browser: Browser, address: str, folder: Path) -> None:
    """The list, a request, and the list on a phone."""
    from tests.staff_fixtures import PASSWORD

    def log_in(page: Page) -> None:
        page.goto(address)
        page.get_by_label("User name").fill("ana")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_selector("#live")

    page = browser.new_context(viewport={"width": 1180, "height": 860}).new_page()
    log_in(page)
    page.screenshot(path=str(folder / "inbox.png"))
    page.get_by_role("link", name="Marcus Webb").click()
    page.locator("#card-title").wait_for()
    page.get_by_role("button", name="Contacted").click()
    page.get_by_label("Add a note").fill("Prefers to be called before 10. Brings a list of all medicines.")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator(".staffnote").wait_for()
    page.goto(page.url.partition("?")[0])
    page.get_by_text("The conversation").click()
    page.set_viewport_size({"width": 1180, "height": 1240})
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=str(folder / "inbox-request.png"))
    phone = browser.new_context(viewport={"width": 400, "height": 800}, device_scale_factor=2, color_scheme="dark").new_page()
    log_in(phone)
    phone.screenshot(path=str(folder / "inbox-phone.png"))


def main() -> None:
    """Start an inbox of its own and take the pictures; the first argument names the folder (docs when missing)."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    port, own = free_port(), Path(tempfile.mkdtemp(prefix="inbox-"))
    os.environ.update(
        DATABASE_URL=f"sqlite:///{own}/desk.db",
        CONVERSATIONS_DB=f"{own}/conversations.db",
        DATA_KEY="a key for the pictures and for nothing else",
        INBOX_PORT=str(port),
    )
    people()
    process = subprocess.Popen([sys.executable, str(ROOT / "launch.py"), "staff"], cwd=ROOT)
    try:
        wait_for(f"http://localhost:{port}/health")
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=path, args=ARGS)
            shoot(browser, f"http://localhost:{port}", folder)
            browser.close()
    finally:
        process.terminate()
        process.wait(15)


if __name__ == "__main__":
    main()
