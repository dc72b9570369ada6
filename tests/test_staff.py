"""Who may open the inbox: passwords, locks, logins that end, and the audit, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from desk import staff
from desk.database import transaction, utc_now
from desk.inbox import entry
from desk.inbox_search import search
from desk.settings import BadSetting
from desk.staff_audit import list_events
from desk.staff_records import StaffSession, StaffUser
from desk.staff_settings import read_staff_settings
from desk.staff_work import cell
from staff.user import main
from tests import desk_fixtures, staff_fixtures
from tests.staff_fixtures import PASSWORD, book

database = desk_fixtures.database
sqlite_database = desk_fixtures.sqlite_database
quick_hashes = staff_fixtures.quick_hashes


@pytest.fixture
def users(database: str, quick_hashes: None) -> None:  # noqa: F811
    staff.create_user("lee", PASSWORD, "staff", "(console)")


def test_a_password_is_kept_as_an_argon2id_hash_of_full_cost(sqlite_database: str) -> None:  # noqa: F811
    staff.create_user("ana", PASSWORD, "admin", "(console)")
    with transaction() as session:
        kept = session.get(StaffUser, "ana").password_hash
    # OWASP's least: 19 MiB and two rounds.
    assert kept.startswith("$argon2id$") and PASSWORD not in kept
    memory, rounds = (int(part.partition("=")[2]) for part in kept.split("$")[3].split(",")[:2])
    assert memory >= 19_456 and rounds >= 2
    assert staff.log_in("ana", PASSWORD) is not None


@pytest.mark.parametrize("password", ["short", "x" * 201, "lee-lee-lee-lee", "ababababababab"])
def test_a_password_that_is_easy_to_guess_is_refused(users: None, password: str) -> None:
    with pytest.raises(staff.BadUser) as told:
        staff.set_password("lee", password, "lee")
    assert password not in str(told.value)


@pytest.mark.parametrize("name", ["", "x", "Zoë", "a b", "../etc", "x" * 41, "<b>"])
def test_a_user_name_that_cannot_be_used_is_refused(users: None, name: str) -> None:
    with pytest.raises(staff.BadUser):
        staff.create_user(name, PASSWORD, "staff", "ana")


def test_a_name_is_taken_once_and_capitals_do_not_matter(users: None) -> None:
    with pytest.raises(staff.BadUser):
        staff.create_user("LEE", PASSWORD, "staff", "ana")
    made = staff.log_in(" Lee ", PASSWORD)
    assert made is not None and made.username == "lee" and made.role == "staff"


def test_five_wrong_tries_lock_also_the_right_password_until_the_time_is_over(users: None) -> None:
    now = utc_now()
    for _ in range(staff.TRIES):
        assert staff.log_in("lee", "wrong", now) is None
    assert staff.log_in("lee", PASSWORD, now) is None
    assert staff.log_in("lee", PASSWORD, now + staff.LOCK - timedelta(seconds=1)) is None
    assert staff.log_in("lee", PASSWORD, now + staff.LOCK + timedelta(seconds=1)) is not None
    assert [event.change for event in list_events(actions=["login failed"])].count("locked") >= 2


def test_a_right_password_begins_the_count_anew(users: None) -> None:
    for _ in range(3):
        for _ in range(staff.TRIES - 1):
            assert staff.log_in("lee", "wrong") is None
        assert staff.log_in("lee", PASSWORD) is not None


def test_after_a_lock_counting_begins_anew(users: None) -> None:
    now = utc_now()
    for _ in range(staff.TRIES):
        staff.log_in("lee", "wrong", now)
    later = now + staff.LOCK + timedelta(seconds=1)
    assert staff.log_in("lee", "wrong", later) is None
    assert staff.log_in("lee", PASSWORD, later) is not None


def test_tries_at_the_same_time_all_count(users: None) -> None:
    looked: list = []
    real = staff._matches

    def matches(hashed: str, password: str) -> bool:
        looked.append(hashed)
        return real(hashed, password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "_matches", matches)
        with transaction() as session:
            own = session.get(StaffUser, "lee").password_hash
        threads = [threading.Thread(target=_try_wrong) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert looked.count(own) <= staff.TRIES, "no more guesses than allowed met the real hash"
    assert staff.log_in("lee", PASSWORD) is None


def _try_wrong() -> None:
    try:
        staff.log_in("lee", "wrong")
    except Exception:  # noqa: BLE001  a busy SQLite file refuses some of them: no guess was made then
        pass


def test_an_unknown_name_is_not_written_down(users: None) -> None:
    assert staff.log_in("my secret password", "x") is None
    event = list_events(1)[0]
    assert (event.username, event.action) == ("(unknown)", "login failed")


def test_a_login_ends_when_nobody_clicks_and_in_any_case_after_its_longest_time(users: None) -> None:
    settings = read_staff_settings({})
    now = utc_now()
    made = staff.log_in("lee", PASSWORD, now)
    assert made is not None
    assert staff.who_is(made.token, now=now + settings.idle - timedelta(seconds=1)) is not None
    assert staff.who_is(made.token, now=now + 2 * settings.idle + timedelta(seconds=1)) is None
    moment = now
    while moment < now + settings.longest - settings.idle / 2:
        assert staff.who_is(made.token, now=moment) is not None
        moment += settings.idle / 2
    assert staff.who_is(made.token, now=now + settings.longest + timedelta(seconds=1)) is None


def test_a_page_that_looks_for_news_by_itself_does_not_keep_a_login_alive(users: None) -> None:
    idle = read_staff_settings({}).idle
    now = utc_now()
    made = staff.log_in("lee", PASSWORD, now)
    assert made is not None
    for part in range(1, 20):
        assert staff.who_is(made.token, active=False, now=now + idle * part / 20) is not None
    assert staff.who_is(made.token, active=False, now=now + idle + timedelta(seconds=1)) is None


def test_the_database_holds_no_token(users: None) -> None:
    made = staff.log_in("lee", PASSWORD)
    assert made is not None and made.token not in repr(made)
    with transaction() as session:
        rows = session.query(StaffSession).all()
        assert len(rows) == 1 and made.token not in rows[0].token_hash


def test_closing_access_ends_logins_at_once(users: None) -> None:
    made = staff.log_in("lee", PASSWORD)
    assert made is not None
    staff.set_disabled("lee", True, "ana")
    assert staff.who_is(made.token) is None and staff.log_in("lee", PASSWORD) is None
    staff.set_disabled("lee", False, "ana")
    assert staff.who_is(made.token) is None and staff.log_in("lee", PASSWORD) is not None


def test_a_new_password_ends_every_other_login(users: None) -> None:
    here, there = staff.log_in("lee", PASSWORD), staff.log_in("lee", PASSWORD)
    assert here is not None and there is not None
    staff.set_password("lee", "another 77 long phrase", "lee", keep=here.token)
    assert staff.who_is(here.token) is not None and staff.who_is(there.token) is None
    assert staff.log_in("lee", PASSWORD) is None


def test_nobody_closes_their_own_access(users: None) -> None:
    with pytest.raises(staff.BadUser):
        staff.set_disabled("lee", True, "lee")


def test_the_first_user_made_on_the_console_is_an_administrator_and_the_password_is_shown_once(
    database: str, quick_hashes: None, capsys: Any, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115
    assert not staff.has_users()
    assert main(["ana"]) == 0 and main(["lee"]) == 0
    said = capsys.readouterr().out
    roles = {user.username: user.role for user in staff.list_users()}
    assert roles == {"ana": "admin", "lee": "staff"}
    password = said.splitlines()[1].rpartition(" ")[2]
    assert staff.log_in("ana", password) is not None
    assert main(["ana"]) == 1 and "already" in capsys.readouterr().err
    assert main(["ana", "--reset"]) == 0
    assert staff.log_in("ana", password) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STAFF_URL", "http://inbox.clinic.example"),
        ("STAFF_URL", "https://inbox.clinic.example/path"),
        ("STAFF_URL", "inbox"),
        ("STAFF_URL", "https://user:secret@inbox.clinic.example"),
        ("INBOX_PORT", "70000"),
        ("STAFF_IDLE_MINUTES", "0"),
        ("STAFF_SESSION_HOURS", "two"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_in_one_line_without_its_value(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as told:
        read_staff_settings({name: value})
    assert str(told.value).startswith(name) and "secret" not in str(told.value) and "\n" not in str(told.value)


def test_the_address_says_which_forms_are_taken() -> None:
    here = read_staff_settings({})
    assert not here.secure and "http://127.0.0.1:5006" in here.origins
    public = read_staff_settings({"STAFF_URL": "https://inbox.clinic.example/"})
    assert public.secure and public.origins == ("https://inbox.clinic.example",)


def test_a_search_finds_by_reference_name_phone_and_last_digits(database: str) -> None:  # noqa: F811
    dana = book("Dana Lopez", conversation="a", phone="+15550100142")
    book("Priya Raman", conversation="b", phone=None, email="priya.raman@example.org")
    found = {
        words: [one.name for one in search(words)]
        for words in (
            dana.reference, dana.reference.lower().replace("-", " "), "lopez", "DANA  lo", "0142", "(555) 010-0142",
            "+1 555 010 0142", "priya.raman@example.org", "raman@", "42", "nobody", "", "   ", "%", "9999",
        )
    }  # fmt: skip
    for words in (dana.reference, dana.reference.lower().replace("-", " "), "lopez", "DANA  lo", "0142"):
        assert found[words] == ["Dana Lopez"], words
    for words in ("(555) 010-0142", "+1 555 010 0142"):
        assert found[words] == ["Dana Lopez"], words
    for words in ("priya.raman@example.org", "raman@"):
        assert found[words] == ["Priya Raman"], words
    for words in ("42", "nobody", "", "   ", "%", "9999"):
        assert found[words] == [], words


@pytest.mark.parametrize("kind_and_key", [("callback", "1e5"), ("callback", "99999999999999"), ("consultation", "' OR 1=1")])
def test_an_address_that_names_nothing_finds_nothing(database: str, kind_and_key: Any) -> None:  # noqa: F811
    book()
    assert entry(*kind_and_key) is None


@pytest.mark.parametrize(
    "text", ["=1+1", "+15550100142", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =HYPERLINK(1)", "\u00a0=1"]
)
def test_no_cell_of_an_export_is_a_formula(text: str) -> None:
    assert cell(text) == "'" + text


def test_other_cells_stay_as_they_are() -> None:
    assert [cell(value) for value in ("Dana", "", None, 3, "a=b")] == ["Dana", "", "", "3", "a=b"]


def test_a_made_password_never_holds_the_name_it_is_for() -> None:
    assert all("a" not in staff.new_password("a") for _ in range(200))
