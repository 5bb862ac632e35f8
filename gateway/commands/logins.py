"""The accounts that the settings describe, without reading any of their logins yet."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway.accounts.credentials import bad_login
from gateway.accounts.sources import SOURCES, find, folder, own
from gateway.accounts.sources.kiro_cli_places import own_folder_of_kiro_cli, standard_places
from gateway.accounts.sources.source import Source, Wanted
from gateway.accounts.terms import Configured, Terms
from gateway.settings import AccountEntry, Settings
from gateway.settings.accounts import HEADERS


def accounts_from(settings: Settings, own_folder: Path) -> tuple[Configured, ...]:
    """The list ``[[accounts]]``; without one what [credentials] name; else all logins of the gateway's own store; else
    what lies in the standard places of other programs; else none.

    own_folder: where the gateway keeps its own logins, and tokens that have no other place.
    Raises GatewayError for a login that is not there or cannot be used.
    """
    if settings.accounts:
        return tuple(made for entry in settings.accounts for made in _listed(entry, settings, own_folder))
    mine = own.logins(own_folder, settings.upstream.api_region)
    if mine and not _named(settings):
        return tuple(Configured(login, Terms(login.title)) for login in mine)
    source = _single(settings, own_folder)
    return () if source is None else (Configured(source),)


def _named(settings: Settings) -> bool:
    """Whether the settings name a login."""
    named = settings.credentials
    return any((named.file, named.refresh_token, named.database, named.api_key))


def _single(settings: Settings, own_folder: Path) -> Source | None:
    wanted = settings.credentials
    return find(
        file=Path(wanted.file) if wanted.file else None,
        refresh_token=wanted.refresh_token.reveal() if wanted.refresh_token else None,
        profile_arn=wanted.profile_arn,
        region=settings.upstream.region,
        api_region=settings.upstream.api_region,
        home=Path.home(),
        state=own_folder,
        database=Path(wanted.database) if wanted.database else None,
        databases=standard_places(sys.platform, os.environ.get, Path.home()),
        read_only=wanted.database_read_only,
        api_key=wanted.api_key.reveal() if wanted.api_key else None,
        kiro_cli=_kiro_cli(),
    )


def _kiro_cli() -> Path:
    return own_folder_of_kiro_cli(sys.platform, os.environ.get, Path.home())


def _listed(entry: AccountEntry, settings: Settings, own_folder: Path) -> tuple[Configured, ...]:
    """One account; of a folder, each login in it."""
    sources = _sources(entry, settings, own_folder)
    terms = _terms(entry)
    proxy = entry.proxy_url.reveal() if entry.proxy_url else None
    return tuple(Configured(source, terms, proxy) for source in sources)


def _sources(entry: AccountEntry, settings: Settings, own_folder: Path) -> tuple[Source, ...]:
    value = entry.value.reveal() if entry.value else ""
    if entry.source == "login":
        stored = {login.title: login for login in own.logins(own_folder, settings.upstream.api_region)}
        if value not in stored:  # nor is it shown: it may be a token in the wrong place
            known = ", ".join(stored) or "none"
            raise bad_login(
                f"account {_name(entry)}: its value names no login of the gateway's store, which has: {known}."
                " Make one with: kiro-gateway login --name NAME"
            )
        return (stored[value],)
    wanted = _wanted(entry, settings, own_folder, value)
    if entry.source == "folder" and wanted.file is not None:
        return folder.logins(wanted.file, wanted)
    source = next((source for look in SOURCES if (source := look(wanted))), None)
    return () if source is None else (source,)


def _wanted(entry: AccountEntry, settings: Settings, own_folder: Path, value: str) -> Wanted:
    """What one entry asks for: one source only, and no standard places."""
    path = Path(entry.path) if entry.path else None
    return Wanted(
        file=path if entry.source in ("file", "folder") else None,
        refresh_token=value if entry.source == "refresh_token" else None,
        profile_arn=entry.profile_arn,
        region=entry.region or settings.upstream.region,
        api_region=settings.upstream.api_region,
        home=Path.home(),
        state=own_folder,
        database=path if entry.source == "database" else None,
        read_only=settings.credentials.database_read_only,
        api_key=value if entry.source == "api_key" else None,
        kiro_cli=_kiro_cli(),
    )


def _terms(entry: AccountEntry) -> Terms:
    return Terms(
        name=_name(entry),
        priority=entry.priority,
        models=entry.models,
        preferred_endpoint=entry.preferred_endpoint,
        headers=_spelled(entry.headers),
        allow_overage=entry.allow_overage,
        max_concurrent=entry.max_concurrent,
        min_interval=entry.min_interval,
    )


def _name(entry: AccountEntry) -> str:
    """Its own, else what its path ends in, else its kind; equal names get numbers."""
    return entry.name or (Path(entry.path).stem if entry.path else entry.source)


def _spelled(headers: Mapping[str, str]) -> dict[str, str]:
    """As the gateway itself writes them, so that they replace its own and do not stand beside them."""
    return {HEADERS[name.casefold()]: text for name, text in headers.items()}
