"""The inbox over HTTP: who gets in, which forms are taken, what each role may do."""

from __future__ import annotations

import re
from typing import Any, List

import pytest

from desk import inbox as worklist
from desk import staff
from desk.handoff import raise_alert
from desk.staff_audit import Event, list_events
from desk.staff_settings import staff_settings
from tests import desk_fixtures, staff_fixtures
from tests.staff_fixtures import ALL_NO, ORIGIN, PASSWORD, Staff, book

database = desk_fixtures.database
talks = staff_fixtures.talks
quick_hashes = staff_fixtures.quick_hashes
inbox = staff_fixtures.inbox

PAGES = ("/", "/?view=all", "/deliveries", "/opt-outs", "/account", "/audit", "/users", "/export")
ADMIN_ONLY = ("/audit", "/users", "/export")


def audit(*actions: str) -> List[Event]:
    return list_events(actions=actions)


# ---- Getting in ----


def test_without_a_login_every_page_leads_to_the_login(inbox: Staff) -> None:
    booking = book()
    for path in (*PAGES, f"/requests/{booking.reference}", "/callbacks/1", "/alerts/1", f"/requests/{booking.reference}/card"):
        answer = inbox.get(path)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login"), path
        assert "Dana" not in answer.text
    assert inbox.get("/pulse").status_code == 401


def test_without_a_login_nothing_is_changed(inbox: Staff) -> None:
    booking = book()
    token = inbox.token("/login")
    for path in (f"/requests/{booking.reference}/status", f"/requests/{booking.reference}/notes", "/export", "/users"):
        answer = inbox.send(path, {"token": token, "status": "closed", "was": "requested", "text": "x"})
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login")
    assert not audit("status changed", "note added", "exported", "user added") or len(audit("user added")) == 3


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(inbox: Staff) -> None:
    answer = inbox.log_in("lee")
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("staff=")]
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags and "secure" not in flags
    assert not any(flag.startswith(("max-age", "expires", "domain")) for flag in flags)


def test_with_https_the_cookie_travels_by_nothing_else(inbox: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFF_URL", "https://inbox.clinic.example")
    staff_settings.cache_clear()
    there = Staff(base="https://inbox.clinic.example")
    answer = there.log_in("lee")
    cookies = [line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-staff=")]
    assert len(cookies) == 1 and "Secure" in cookies[0]
    assert "max-age" in answer.headers["strict-transport-security"]
    assert there.get("/").status_code == 200


def test_a_login_gets_a_token_of_its_own_whatever_the_browser_brought(inbox: Staff) -> None:
    inbox.client.cookies.set("staff", "chosen-by-somebody-else")
    inbox.log_in("lee")
    first = inbox.client.cookies.get("staff", domain="localhost.local") or dict(inbox.client.cookies)["staff"]
    assert first != "chosen-by-somebody-else"
    token = inbox.token()
    inbox.client.cookies.set("entry", "known")
    answer = inbox.send("/login", {"token": token, "username": "lee", "password": PASSWORD})
    assert answer.status_code == 403, "the token of a login does not open another one"


def test_a_second_login_in_one_browser_ends_the_first(inbox: Staff) -> None:
    inbox.log_in("lee")
    (first,) = [cookie.value for cookie in inbox.client.cookies.jar if cookie.name == "staff"]
    inbox.log_in("kim")
    other = Staff()
    other.client.cookies.set("staff", first)
    assert other.get("/").status_code == 303


def test_logging_out_ends_the_login_on_this_side_too(inbox: Staff) -> None:
    inbox.log_in("lee")
    (token,) = [cookie.value for cookie in inbox.client.cookies.jar if cookie.name == "staff"]
    assert inbox.post("/logout").headers["location"] == "/login"
    again = Staff()
    again.client.cookies.set("staff", token)
    assert again.get("/").status_code == 303


def test_a_wrong_password_and_an_unknown_name_look_the_same(inbox: Staff) -> None:
    pages = [inbox.log_in("lee", "wrong"), inbox.log_in("nobody", "wrong")]
    assert {page.status_code for page in pages} == {401}
    assert re.sub(r"[0-9a-f]{64}", "", pages[0].text) == re.sub(r"[0-9a-f]{64}", "", pages[1].text)


def test_brute_force_is_locked_out(inbox: Staff) -> None:
    answers = [inbox.log_in("lee", f"guess {number}").status_code for number in range(8)]
    assert set(answers) == {401}
    assert inbox.log_in("lee").status_code == 401, "the right password does not help until the lock is over"
    assert inbox.log_in("kim").status_code == 303, "others are not locked out"
    assert len(audit("login failed")) >= 9


def test_many_who_guess_passwords_do_not_hold_up_those_who_work(inbox: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event, Semaphore

    from staff import account

    go, entered = Event(), Semaphore(0)

    def slow(*_: Any) -> None:
        entered.release()
        go.wait(30)

    monkeypatch.setattr(account, "log_in", slow)
    lee = Staff()
    made = staff.log_in("lee", PASSWORD)
    with lee.client, ThreadPoolExecutor(60) as pool:  # one event loop and one pool of threads for all of them
        lee.client.cookies.set("staff", made.token)
        fields = {"token": lee.token("/login"), "username": "x", "password": "x"}
        guesses = [pool.submit(lee.send, "/login", fields) for _ in range(60)]
        try:
            assert entered.acquire(timeout=20) and entered.acquire(timeout=20)
            assert lee.get("/pulse").status_code == 200
            assert not entered.acquire(blocking=False), "no third one is checked meanwhile"
        finally:
            go.set()
        assert {guess.result().status_code for guess in guesses} == {401}


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a?b=//x", ""])
def test_after_the_login_one_stays_here(inbox: Staff, there: str) -> None:
    fields = {"token": inbox.token("/login"), "username": "lee", "password": PASSWORD, "next": there}
    assert inbox.send("/login", fields).headers["location"] == "/"


def test_a_link_to_a_request_leads_there_after_the_login(inbox: Staff) -> None:
    booking = book()
    code = booking.reference.replace("-", "")
    answer = inbox.get(f"/requests/{code}")
    assert answer.headers["location"] == f"/login?next=/requests/{code}"
    fields = {"token": inbox.token("/login"), "username": "lee", "password": PASSWORD, "next": f"/requests/{code}"}
    there = inbox.send("/login", fields).headers["location"]
    assert "Dana Lopez" in inbox.get(there).text


def test_a_link_in_a_web_mail_is_asked_again_from_here(inbox: Staff) -> None:
    page = inbox.get("/requests/ABC", sec_fetch_site="cross-site")
    assert page.status_code == 200 and 'content="0; url=/requests/ABC"' in page.text


def test_without_any_user_the_page_says_which_command_makes_one(
    database: str, talks: None, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    staff_settings.cache_clear()
    assert "make staff-user NAME=" in Staff().get("/login").text


# ---- Forms ----


def test_a_form_without_the_token_or_with_anothers_is_refused(inbox: Staff) -> None:
    booking = book()
    inbox.log_in("lee")
    other = Staff("kim")
    path, fields = f"/requests/{booking.reference}/status", {"status": "closed", "was": "requested"}
    for token in ("", "0" * 64, other.token()):
        assert inbox.send(path, {**fields, "token": token}).status_code == 403
    assert inbox.send(path, fields).status_code == 403
    assert worklist.entry("consultation", booking.reference).status == "requested"
    assert inbox.post(path, **fields).status_code == 303
    assert worklist.entry("consultation", booking.reference).status == "closed"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:5005", "http://localhost:5006.evil.example"])
def test_a_form_from_another_origin_is_refused(inbox: Staff, origin: str) -> None:
    inbox.log_in("lee")
    answer = inbox.send("/logout", {"token": inbox.token()}, origin=origin)
    assert answer.status_code == 403 and inbox.get("/").status_code == 200


def test_a_form_without_an_origin_is_refused(inbox: Staff) -> None:
    inbox.log_in("lee")
    answer = inbox.client.post("/logout", data={"token": inbox.token()})
    assert answer.status_code == 403


def test_nothing_is_changed_by_opening_an_address(inbox: Staff) -> None:
    booking = book()
    raise_alert("urgent", "talk-1", "web")
    inbox.log_in("ana")
    for path in (
        f"/requests/{booking.reference}/status?status=closed&was=requested", f"/requests/{booking.reference}/review",
        "/alerts/1/done", "/logout", "/users/lee?do=close", "/search?words=dana", f"/requests/{booking.reference}/stop-texts",
    ):  # fmt: skip
        assert inbox.get(path).status_code in (404, 405), path
    assert worklist.entry("consultation", booking.reference).status == "requested"
    assert len(worklist.alerts()) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"token=" + b"x" * 40_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(200)), "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"text=%ff%fe", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
    ],
)
def test_a_body_that_is_no_form_is_refused(inbox: Staff, body: bytes, kind: str) -> None:
    inbox.log_in("lee")
    answer = inbox.client.post("/logout", content=body, headers={"content-type": kind, "origin": ORIGIN})
    assert answer.status_code == 400


def test_a_page_under_another_name_of_this_machine_is_refused(inbox: Staff) -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[", ""):
        answer = inbox.client.get("/login", headers={"host": host})
        assert answer.status_code == 421, host


def test_every_answer_carries_the_headers_that_keep_it_here(inbox: Staff) -> None:
    booking = book()
    inbox.log_in("ana")
    for path in (*PAGES, f"/requests/{booking.reference}", "/nowhere", "/pulse", "/login", "/static/inbox.css", "/health"):
        headers = inbox.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy and "http" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store"), path


def test_pages_bring_no_code_and_nothing_from_outside(inbox: Staff) -> None:
    booking = book(said=["I'm 34", "I take eliquis"], answers={**ALL_NO, "Q6_medicines": "yes"})
    inbox.log_in("ana")
    for path in (*PAGES, f"/requests/{booking.reference}"):
        text = inbox.get(path).text
        assert not re.search(r"<script(?![^>]*src=\"/static/)|\son\w+=|style=|<style|javascript:", text), path
        assert not re.search(r"(?:src|href)=\"//|<(?:img|link|script|iframe)[^>]*\"https?:", text), path


# ---- Roles ----


@pytest.mark.parametrize("user", ["lee", "kim"])
def test_export_audit_and_users_are_for_administrators(inbox: Staff, user: str) -> None:
    inbox.log_in(user)
    for path in ADMIN_ONLY:
        assert inbox.get(path).status_code == 403
        assert path not in inbox.get("/").text
    assert inbox.post("/export", first="2026-01-01", last="2026-02-01").status_code == 403
    assert inbox.post("/users", username="mallory", role="admin").status_code == 403
    assert inbox.post("/users/ana", do="close").status_code == 403
    assert {event.subject_id for event in audit("user added")} == set(staff_fixtures.USERS)


def test_only_a_provider_says_that_a_provider_has_looked(inbox: Staff) -> None:
    booking = book(said=["I'm 34", "I take eliquis"], answers={**ALL_NO, "Q6_medicines": "yes"})
    path = f"/requests/{booking.reference}"
    for user in ("lee", "ana"):
        assert Staff(user).post(path + "/review").status_code == 403
    kim = Staff("kim")
    assert "Show it to a provider" in kim.get("/").text
    kim.post(path + "/review")
    assert [event.username for event in audit(worklist.REVIEWED)] == ["kim"]
    assert "Show it to a provider" not in kim.get("/").text and "seen by a provider" in kim.get("/").text


def test_a_closed_access_ends_at_the_next_click(inbox: Staff) -> None:
    lee, ana = Staff("lee"), Staff("ana")
    assert lee.get("/").status_code == 200
    ana.post("/users/lee", do="close")
    assert lee.get("/").status_code == 303


def test_an_administrator_adds_a_user_whose_password_is_shown_once(inbox: Staff) -> None:
    ana = Staff("ana")
    page = ana.post("/users", username="mo", role="staff")
    password = re.search(r"<pre[^>]*>([a-z0-9-]{20,})</pre>", page.text).group(1)
    assert password not in ana.get("/users").text
    assert Staff().log_in("mo", password).status_code == 303
    assert "Not done" in ana.post("/users", username="mo", role="staff").text
    assert ana.post("/users", username="zed", role="owner").status_code == 400


def test_one_changes_ones_own_password_by_knowing_it(inbox: Staff) -> None:
    lee = Staff("lee")
    new = "a quite different 9 phrase"
    assert lee.post("/account", old="wrong", new=new, again=new).status_code == 400
    assert lee.post("/account", old=PASSWORD, new=new, again="other").status_code == 400
    assert lee.post("/account", old=PASSWORD, new="short", again="short").status_code == 400
    assert lee.post("/account", old=PASSWORD, new=new, again=new).status_code == 303
    assert lee.get("/").status_code == 200 and Staff().log_in("lee", new).status_code == 303
