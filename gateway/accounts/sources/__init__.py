"""Where a login comes from. SOURCES is searched from the top; the first that has something to offer is taken."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.accounts.sources import api_key, folder, kiro_cli, kiro_ide, own, refresh_token
from gateway.accounts.sources.source import Source, Wanted

SOURCES: Final[tuple[Callable[[Wanted], Source | None], ...]] = (
    kiro_cli.configured,
    folder.configured,
    kiro_ide.configured,
    refresh_token.configured,
    api_key.configured,
    own.standard_place,
    kiro_cli.standard_place,
    kiro_ide.standard_place,
    kiro_ide.cli_token,
)
"""What the settings name, databases before files and those before bare tokens; then the gateway's own logins; then what
other programs have left in their standard places, and last of all a token that the gateway cannot refresh."""


def find(
    *,
    file: Path | None,
    refresh_token: str | None,
    profile_arn: str | None,
    region: str,
    api_region: str | None = None,
    home: Path,
    state: Path,
    database: Path | None = None,
    databases: tuple[Path, ...] = (),
    read_only: bool = False,
    api_key: str | None = None,
    kiro_cli: Path | None = None,
) -> Source | None:
    """The source to use; None when nothing is configured and nothing lies in the standard places.

    profile_arn, region: used where the source names none. api_region: of Kiro's hosts, where it is to be another than
    the profile's. state: a folder of the gateway's own, for tokens that have no other place to be kept.
    databases: the standard places of kiro-cli and Amazon Q. read_only: no database is written. kiro_cli: as of Wanted.
    """
    wanted = Wanted(
        file,
        refresh_token or None,
        profile_arn or None,
        region,
        api_region,
        home,
        state,
        database,
        databases,
        read_only,
        api_key or None,
        kiro_cli,
    )
    return next((source for look in SOURCES if (source := look(wanted))), None)
