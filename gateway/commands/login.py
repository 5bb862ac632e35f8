"""Log in to Kiro: with an AWS Builder ID when nothing else is said. The login goes into the gateway's own store.

A code and a link are shown; open the link on any device, and the login is complete once you have approved it there.
"""

import argparse
import asyncio
import secrets
import sys
import time
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TextIO

from gateway.accounts.sources import own
from gateway.commands import surroundings
from gateway.errors import GatewayError, Kind
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.accounts.login.device import Code, NewLogin, Way
    from gateway.accounts.refresh.grant import Post

_MINUTE: Final = 60

_Progress = Callable[[float], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which way to log in, and under which name the login is kept."""
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--start-url", metavar="URL", help="start URL of your company's IAM Identity Center (https)")
    way.add_argument("--social", choices=("google", "github"), help="a Kiro account by Google or GitHub")
    way.add_argument("--api-key", action="store_true", help="store a Kiro API key; it is asked for, or read from stdin")
    parser.add_argument("--region", metavar="REGION", help="AWS region of the Identity Center (default us-east-1)")
    parser.add_argument("--no-browser", action="store_true", help="open no browser here; show a code and a link")
    parser.add_argument(
        "--name", metavar="NAME", help="what to call the login; an existing one of that name is replaced"
    )
    surroundings.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Log in and store the login: 0; 1 when it was refused, ran out or could not be stored; 78 for wrong settings."""
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    if options.name and not (options.start_url or options.social or options.api_key):
        before = own.way_of(surroundings.own_folder(), options.name)  # the same again, but for what is said anew
        vars(options).update(before | {"region": options.region or before.get("region")})
    try:
        new = _by_api_key(options) if options.api_key else asyncio.run(_logged_in(options, loaded.settings))
        _keep(new, options.name)
    except GatewayError as error:
        print(f"kiro-gateway login: {error.message}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"kiro-gateway login: the login could not be stored: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _keep(new: "NewLogin", name: str | None) -> None:
    login = own.keep(surroundings.own_folder(), new, name, time.time())
    print(f"\nLogged in. The login is called {login.title} and kept in {login.path}\n")
    print("A gateway that uses this login already notices by itself; otherwise start it again: kiro-gateway serve")


def _by_api_key(options: argparse.Namespace) -> "NewLogin":
    """Never on the command line, where other users of the machine could read it."""
    from getpass import getpass

    from gateway.accounts.login.ways import by_api_key

    text = getpass("API key (ksk_…): ") if sys.stdin.isatty() else sys.stdin.readline()
    return by_api_key(text, options.region)


async def _logged_in(options: argparse.Namespace, settings: Settings) -> "NewLogin":
    from gateway.accounts.login.ways import chosen
    from gateway.fleet import open_connection
    from gateway.upstream.connection import TokenPost

    base_url = settings.upstream.base_url
    way = chosen(start_url=options.start_url, region=options.region, social=options.social, base_url=base_url)
    if base_url:
        print(f"This login is made at {base_url}, not at Kiro (upstream.base_url).")
    outbound = open_connection(settings)
    try:
        post = TokenPost(outbound)
        if options.social and not options.no_browser and (new := await _in_browser(options.social, base_url, post)):
            return new
        return await _by_code(way, post, browser=not options.no_browser)
    finally:
        await outbound.close()


async def _by_code(way: "Way", post: "Post", *, browser: bool) -> "NewLogin":
    from gateway.accounts.login.device import DeviceLogin

    login = DeviceLogin(way, post)
    if way.warning:
        print(f"Warning: {way.warning}\n", file=sys.stderr, flush=True)
    code = await login.begin()
    show(code, sys.stdout)
    if browser:
        _open(code.url)
    return await login.finish(code, countdown(sys.stdout))


async def _in_browser(social: str, base_url: str | None, post: "Post") -> "NewLogin | None":
    """The login in this machine's browser; None when there is none. Raises GatewayError."""
    from gateway.accounts.login import browser
    from gateway.accounts.login.social import BrowserWay
    from gateway.accounts.login.ways import provider_of

    state = secrets.token_urlsafe(24)
    try:
        async with browser.listening(state) as (callback, redirect_uri):
            way = BrowserWay(provider_of(social), redirect_uri, state, base_url)
            if not _open(way.url):
                return None
            print(f"Log in in the browser window that has opened, or open this address there:\n\n  {way.url}\n")
            return await way.redeem(await callback.code(), post, time.time())
    except browser.PortsTaken as error:
        other = f"kiro-gateway login --social {social} --no-browser"
        message = f"{error} Free one of them, or log in by device code: {other}"
        raise GatewayError(Kind.INVALID_REQUEST, message) from error


def _open(url: str) -> bool:
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def show(code: "Code", out: TextIO) -> None:
    """Code and link, and on a terminal a QR code to log in with a phone."""
    out.write(f"Open this link and check that it shows the code {code.user_code}:\n\n  {code.url}\n\n")
    if out.isatty() and (out.encoding or "").lower().replace("-", "") == "utf8":
        import segno

        segno.make(code.url, error="m", micro=False).terminal(out=out, compact=True, border=2)
        out.write("\n")
    out.flush()


def countdown(out: TextIO) -> _Progress:
    """Says once that it waits; on a terminal it counts the time that is left."""
    told: list[float] = []

    def progress(left: float) -> None:
        if out.isatty():
            minutes, seconds = divmod(int(left), _MINUTE)
            out.write(f"\rWaiting for you to approve it there … {minutes}:{seconds:02} left. ")
        elif not told:
            out.write("Waiting for you to approve it there …\n")
        told.append(left)
        out.flush()

    return progress
