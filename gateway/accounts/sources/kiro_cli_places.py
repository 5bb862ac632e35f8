"""Where kiro-cli and Amazon Q keep their files on each system.

system: as ``sys.platform`` has it. environment: a variable's value by its name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.accounts.filelocks import LockTarget

REFRESH_LOCK: Final = ".refresh.lock"
"""The file in its folder that kiro-cli locks around every refresh, of logins of all kinds."""

Environment = Callable[[str], str | None]


def standard_places(system: str, environment: Environment, home: Path) -> tuple[Path, ...]:
    """The databases: in ``KIRO_DATA_DIR``, then in the system's place for data."""
    named = environment("KIRO_DATA_DIR")
    base = _data_folder(system, environment, home)
    names = ("Kiro-Cli", "Amazon-Q") if system == "win32" else ("kiro-cli", "amazon-q")
    folders = [*([Path(named)] if named else []), *(base / name for name in names)]
    return tuple(folder / "data.sqlite3" for folder in folders)


def own_folder_of_kiro_cli(system: str, environment: Environment, home: Path) -> Path:
    """The folder of its refresh lock and of its token file; ``KIRO_DATA_DIR`` is not known to move them."""
    return _data_folder(system, environment, home) / "kiro-cli"


def refresh_locks(folder: Path, database: Path) -> tuple[LockTarget, ...]:
    """What is locked to refresh a login of a database. folder: kiro-cli's own on this machine.

    kiro-cli's lock there, and one beside the database where that is elsewhere: a folder that is mounted into several
    containers, or that ``KIRO_DATA_DIR`` names, has its users in common but not their homes. Then kiro-cli's own folder
    may be one that nobody here can make, and needs no lock.
    """
    elsewhere = folder.absolute() != database.absolute().parent
    return (LockTarget(folder / REFRESH_LOCK, dispensable=elsewhere), LockTarget(database, REFRESH_LOCK))


def _data_folder(system: str, environment: Environment, home: Path) -> Path:
    """A relative ``XDG_DATA_HOME`` does not count, as its specification has it."""
    if system == "win32":
        return Path(environment("LOCALAPPDATA") or home / "AppData" / "Local")
    if system == "darwin":
        return home / "Library" / "Application Support"
    named = Path(environment("XDG_DATA_HOME") or "")
    return named if named.is_absolute() else home / ".local" / "share"
