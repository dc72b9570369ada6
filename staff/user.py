"""Add a user of the inbox from the clinic's own machine: `python -m staff.user NAME [--role ROLE]`.

Asks for a password; without a terminal, or with an empty answer, it makes one and prints it once.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Optional, Sequence

from desk.database import DeskUnavailable
from desk.settings import BadSetting
from desk.staff import (
    ADMIN,
    ROLES,
    STAFF,
    BadUser,
    create_user,
    has_users,
    list_users,
    new_password,
    set_password,
)
from desk.staff_audit import CONSOLE
from desk.staff_settings import staff_settings


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Add the user, or give one that exists a new password; 0, or 1 with one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m staff.user", description="Add a user of the staff inbox.")
    parser.add_argument("name", help="small letters, digits, dots, hyphens")
    parser.add_argument("--role", choices=ROLES, help="admin for the first user, else staff")
    parser.add_argument("--reset", action="store_true", help="the user exists: a new password, any lock lifted")
    options = parser.parse_args(arguments)
    name = options.name.strip().lower()
    try:
        role = options.role or (STAFF if has_users() else ADMIN)
        if options.reset and name not in {user.username for user in list_users()}:
            raise BadUser("there is no user of that name")
        given = getpass.getpass("Password (12 characters or more; empty: make one): ") if sys.stdin.isatty() else ""
        password = given or new_password(name)
        if options.reset:
            set_password(name, password, CONSOLE)
        else:
            create_user(name, password, role, CONSOLE)
    except (BadUser, BadSetting, DeskUnavailable) as error:
        print(f"No user was changed: {error}", file=sys.stderr)
        return 1
    print(f"{name} can log in at {staff_settings().url}" + ("" if options.reset else f" (role: {role})"))
    if not given:
        print(f"Password, shown only now: {password}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
