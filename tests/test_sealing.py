"""What is kept encrypted opens with any of the keys, and with no other."""

from __future__ import annotations

import pytest

from desk import sealing
from desk.settings import BadSetting, settings

OLD, NEW = "an old key of thirty-two characters or so", "a new key of thirty-two characters or so"


@pytest.fixture(autouse=True)
def fresh_keys(monkeypatch: pytest.MonkeyPatch):
    """Each test reads its own keys."""
    monkeypatch.setenv("DATA_KEY", OLD)
    sealing.forget_keys()
    yield
    sealing.forget_keys()
    settings.cache_clear()


def use(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    """Read these keys from now on."""
    monkeypatch.setenv("DATA_KEY", keys)
    sealing.forget_keys()


def test_a_sealed_text_shows_nothing_and_opens_again() -> None:
    sealed = sealing.seal("ten weeks pregnant")
    assert "pregnant" not in sealed and sealed != sealing.seal("ten weeks pregnant")
    assert sealing.unseal(sealed) == "ten weeks pregnant"


def test_after_a_change_of_keys_old_values_open_and_hashes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, found = sealing.seal("Dana"), sealing.contact_key("+15550100142")
    use(monkeypatch, f"{NEW},{OLD}")
    assert sealing.unseal(sealed) == "Dana"
    assert sealing.contact_key(" +15550100142") == found
    newer = sealing.seal("Dana")
    use(monkeypatch, OLD)
    with pytest.raises(sealing.CannotUnseal):
        sealing.unseal(newer)


def test_another_key_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = sealing.seal("Dana")
    use(monkeypatch, NEW)
    with pytest.raises(sealing.CannotUnseal) as told:
        sealing.unseal(sealed)
    assert "Dana" not in str(told.value) and sealed not in str(told.value)


def test_a_hash_for_another_purpose_is_another_hash() -> None:
    assert sealing.keyed_hash("+15550100142", "sms") != sealing.keyed_hash("+15550100142", "contact")
    assert sealing.contact_key("Dana@Example.com") == sealing.contact_key("dana@example.com")
    assert sealing.contact_key(None) is None


def test_a_short_key_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "short")
    with pytest.raises(BadSetting, match="DATA_KEY: needs a secret of 32 characters"):
        sealing.check_keys()


def test_postgresql_needs_the_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "")
    monkeypatch.setenv("DATABASE_URL", "postgresql://clinic@127.0.0.1/clinic")
    settings.cache_clear()
    with pytest.raises(BadSetting, match="DATA_KEY: is not set"):
        sealing.check_keys()


def test_without_a_key_sqlite_gets_one_of_its_own_that_only_the_owner_reads(tmp_path, monkeypatch) -> None:
    use(monkeypatch, "")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/desk.db")
    monkeypatch.setattr(sealing, "KEY_FILE", tmp_path / "data_key")
    settings.cache_clear()
    sealed = sealing.seal("Dana")
    sealing.forget_keys()
    assert sealing.unseal(sealed) == "Dana"
    assert (tmp_path / "data_key").stat().st_mode & 0o777 == 0o600


def test_a_value_sealed_in_earlier_days_still_opens() -> None:
    from cryptography.fernet import Fernet

    key = sealing.base64.urlsafe_b64encode(sealing._derived(OLD, "seal"))
    assert sealing.unseal(Fernet(key).encrypt(b"Dana").decode()) == "Dana"


@pytest.mark.parametrize("broken", ["s1.", "s1.AAAA", "s1.not base64!", "Dana", "", "s1.\u00e9"])
def test_what_was_never_sealed_does_not_open(broken: str) -> None:
    with pytest.raises(sealing.CannotUnseal):
        sealing.unseal(broken)


def test_a_changed_letter_is_noticed() -> None:
    sealed = sealing.seal("no allergies")
    other = "A" if sealed[20] != "A" else "B"
    with pytest.raises(sealing.CannotUnseal):
        sealing.unseal(sealed[:20] + other + sealed[21:])
