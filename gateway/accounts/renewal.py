"""The refresh of one login: one at a time among tasks and processes, and never so that the login can be lost.

A login shared with kiro-cli is refreshed by kiro-cli's rules: its refresh token ends at the first use, and a program
that uses it once more is logged out. So inside kiro-cli's lock the store is read again, and a token that another
program got is used, else the login is refreshed, and saved before the lock is released. No lock: no refresh.
"""

import asyncio
from functools import partial
from typing import Any, Final

import structlog

from gateway.accounts.clock import Clock
from gateway.accounts.credentials import Credentials, bad_login
from gateway.accounts.guard import LoginGuard, NotRefreshed
from gateway.accounts.journal import Entry, Unkept
from gateway.accounts.locks import FolderLocks, LoginLock
from gateway.accounts.refresh import REFRESHERS, not_refreshable
from gateway.accounts.refresh.grant import Post, TokenCall, granted
from gateway.accounts.sources.source import RefreshRules, SharedStore, Source
from gateway.accounts.tokens import Tokens
from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.supervision import Supervised, background_task, log_failure, outcome, supervise
from gateway.threads import Threads

_log: Final = structlog.get_logger("gateway.accounts")

PAUSE: Final = 30.0
"""Seconds until the next attempt after a refresh failed, while the token still lives."""

PAUSE_DEAD: Final = 5.0
"""The same when every request needs the new token."""

PARKED: Final = 60.0
"""The same when the login was refused for good; a changed source ends every pause at once (S20)."""

CALL: Final = 15.0
"""Seconds that a call to a token server takes at most. None is begun that could end after the time for all of it."""

LOOK_AGAIN: Final = 5.0
"""Seconds until requests look again at a source that the gateway does not refresh, while the token lives; the watch on
its files is quicker."""

CLOSE_WAIT: Final = 10.0
"""Seconds a refresh in flight gets when the gateway stops: the server may have rotated the token already."""

KEEP_WAIT: Final = 10.0
"""Seconds more for one whose answer has come and is being saved: breaking that off could log the user out."""

LOCK_BACK: Final = 1.0
"""Seconds that one which did not end by then gets to give back its lock. A thread that hangs gives back none."""

_WAITS_ON_THE_WAY_OUT: Final = 3
"""A refresh that is cancelled waits for the disk once to close the journal and once to give back the lock. Where the
disk hangs, each of these waits has to be cancelled."""

SAVE_AGAIN: Final = 5.0
"""Seconds between attempts to keep a token that could not be written."""

FOREIGN_WRITES: Final = (0.05, 0.1, 0.2, 0.3, 0.35)
"""Seconds between looks at the source after a refusal: another program that was given our token's successor has yet to
write it down, and nothing but its write tells its refresh from a dead login."""


class Renewal:
    """Renews ``tokens`` from a token server and keeps them in their source. account: the label for the log."""

    def __init__(
        self,
        source: Source,
        tokens: Tokens,
        post: Post,
        *,
        account: str,
        clock: Clock,
        threads: Threads,
        base_url: str | None = None,
        lock_wait: float | None = None,
        folders: FolderLocks | None = None,
    ) -> None:
        """threads: for the login's files, and for nothing else. lock_wait: in place of what the source's rules say.

        folders: locked by this process.
        """
        self._source = source
        self._tokens = tokens
        self._post = post
        self._account = account
        self._clock = clock
        self._base_url = base_url
        self._threads = threads
        lock = LoginLock(threads, clock, login=source.key, folders=folders)
        self._guard = LoginGuard(lock, account=account, place=source.name, wait=lock_wait)
        self._flight: asyncio.Task[GatewayError | None] | None = None
        self._saving: Supervised | None = None
        self._settling: asyncio.Task[None] | None = None
        self._failed: GatewayError | None = None
        self._changing = asyncio.Lock()  # of the tokens, by a refresh or by a look at the source
        self._keeping = False  # an answer has come, and its tokens are not saved yet
        self._pause_until = 0.0

    @property
    def paused(self) -> bool:
        """Whether it is too early to try again."""
        return self._clock.monotonic() < self._pause_until

    def start(self, refused: str | None) -> asyncio.Task[GatewayError | None]:
        """The one refresh in flight. It is the account's own task: no client that leaves can cancel it.

        refused: the access token that Kiro refused. The task returns the fault, if there was one. An error that nobody
        foresaw is logged, and the next call starts another task.
        """
        if self._flight is None or self._flight.done():
            self._flight = background_task(f"refresh {self._account}", self._renew(refused))
        return self._flight

    async def finished(self, refused: str | None) -> GatewayError | None:
        """Wait for that task; the fault, if there was one: GatewayError(INTERNAL) for an error that nobody foresaw."""
        try:
            return await outcome(self.start(refused))
        except GatewayError as error:
            return error

    async def settle(self) -> None:
        """Bring to its source what a crash has left in the journal; once, at the start."""
        if self._settling is None or self._settling.done():
            self._settling = background_task(f"settle {self._account}", self._settle())
        await outcome(self._settling)

    async def reload(self) -> bool:
        """Look at the source, after a refresh in flight; True when it has other tokens, which are used from now on."""
        async with self._changing:
            changed = await self._reread()
            if changed:
                self._failed, self._pause_until = None, 0.0
        return changed

    async def close(self) -> None:
        """Wait for a refresh in flight, so that a rotated token reaches the disk."""
        saving = None if self._saving is None else self._saving.task
        tasks: list[asyncio.Task[Any]] = [
            task for task in (self._flight, saving, self._settling) if task and not task.done()
        ]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_WAIT)
            if late and self._keeping:
                _, late = await asyncio.wait(late, timeout=KEEP_WAIT)
            for _ in range(_WAITS_ON_THE_WAY_OUT):
                for task in late:
                    task.cancel()
                if late:
                    _, late = await asyncio.wait(late, timeout=LOCK_BACK)

    async def _renew(self, refused: str | None) -> GatewayError | None:
        """Nobody need be waiting: what goes wrong is told in the log, and to whoever waits."""
        began = self._tokens.generation
        try:
            done = False
            while not done:
                done = await self._renewed(refused, began)
        except GatewayError as error:
            self._failed = None if isinstance(error, NotRefreshed) else error
            lives = self._tokens.usable(refused)
            final = error.kind is Kind.AUTHENTICATION and self._failed is not None
            pause = PARKED if final else PAUSE if lives else PAUSE_DEAD
            self._pause_until = self._clock.monotonic() + pause
            _log.warning("token not renewed", account=self._account, error=error.message, token_lives=lives)
            return error
        except BaseException:
            # A dead token is asked for again at once, by the next request; one that lives not at every request.
            self._failed = None
            if self._tokens.usable(refused):
                self._pause_until = self._clock.monotonic() + PAUSE
            raise
        self._failed = None
        return None

    async def _renewed(self, refused: str | None, began: int) -> bool:
        """One try by the rules of the login in use; False when the source holds one with other rules by now."""
        rules = self._source.rules(self._tokens.credentials)
        deadline = self._clock.monotonic() + rules.wait
        if rules.read_only:
            async with self._changing:
                return await self._take_over(refused, rules, rules.read_only)
        async with self._guard.alone(rules) as hindrance, self._changing:
            if hindrance:
                return await self._take_over(refused, rules, hindrance)
            return await self._take_over_or_refresh(refused, began, rules, deadline)

    async def _take_over(self, refused: str | None, rules: RefreshRules, hindrance: str) -> bool:
        """Use what the source holds, since it cannot be refreshed now. False as above."""
        if await self._reread():
            _log.info("token taken over from its source", account=self._account, source=self._source.name)
        if self._source.rules(self._tokens.credentials) != rules:
            return False
        if not self._tokens.usable(refused):
            raise NotRefreshed(hindrance, rules)
        if self._tokens.due():
            self._pause_until = self._clock.monotonic() + (LOOK_AGAIN if rules.read_only else PAUSE)
        return True

    async def _take_over_or_refresh(self, refused: str | None, began: int, rules: RefreshRules, until: float) -> bool:
        forced = refused is not None and rules.store is not None and not self._tokens.due()
        await self._reread(rules, same=forced)
        changed = self._tokens.generation != began
        if changed and self._good(refused):
            _log.info("token taken over from its source", account=self._account, source=self._source.name)
            return True
        if self._source.rules(self._tokens.credentials) != rules:
            return False
        if self._failed and not changed and self.paused:
            raise self._failed.replaced()  # no storm on the token server; a changed source ends the pause
        if forced and rules.store and not changed:
            await self._claim(rules.store, rules)
        await self._refresh_or_take_over(refused, rules, until, same=forced)
        return True

    async def _refresh_or_take_over(
        self, refused: str | None, rules: RefreshRules, until: float, *, same: bool
    ) -> None:
        try:
            await self._refresh(rules, until)
        except UpstreamError as error:
            # Somebody may have rotated the token between our reading and our asking (S19); and an answer that was
            # lost, or a server that stumbled, is asked once more (S21).
            final = error.kind is Kind.AUTHENTICATION
            changed = await self._reread(rules, same=same) or (final and await self._changes_soon(rules, same=same))
            if changed and self._good(refused):
                return
            if (final and not changed) or self._source.rules(self._tokens.credentials) != rules:
                raise
            await self._refresh(rules, until)

    async def _claim(self, store: SharedStore, rules: RefreshRules) -> None:
        """Before a living token that Kiro refused is refreshed: not too often, whichever program does it."""
        try:
            wait = await self._threads.run(store.claim_forced_refresh, self._clock.wall())
        except OSError as error:
            raise NotRefreshed(f"its database cannot be written ({error.strerror})", rules) from error
        if wait:
            raise UpstreamError(
                Kind.OVERLOADED,
                "Kiro refused the access token, and its last refresh was less than 30 s ago. Send the request again in"
                f" {wait:.0f} s; if it is refused then too, log in again with `kiro-cli login`.",
                trouble=Trouble.REFUSED,
                retry_after=wait,
                should_retry=True,
            )

    def _good(self, refused: str | None) -> bool:
        return self._tokens.usable(refused) and not self._tokens.due()

    async def _changes_soon(self, rules: RefreshRules, *, same: bool) -> bool:
        for seconds in FOREIGN_WRITES:
            await self._clock.sleep(seconds)
            if await self._reread(rules, same=same):
                return True
        return False

    async def _reread(self, rules: RefreshRules | None = None, *, same: bool = False) -> bool:
        """Look at the source again; True when it has other tokens than when we last looked: those are newer.

        rules: of a refresh. A shared store that cannot be read must not be refreshed: GatewayError. same: this login of
        the store and no other, though the user may have logged in with another kind meanwhile.
        """
        store = rules.store if rules else None
        load = partial(store.same_login, self._tokens.credentials) if store and same else self._source.load
        try:
            found = await self._threads.run(load)
        except GatewayError as error:
            if store:
                raise
            _log.warning("login source not readable", account=self._account, error=error.message)
            return False  # what is in memory is better than a blanked file
        return self._tokens.found(found)

    async def _refresh(self, rules: RefreshRules, until: float) -> None:
        """until: by the monotonic clock, for a login that others wait for."""
        mine = self._tokens.credentials
        refresher = REFRESHERS.get(mine.kind)
        if refresher is None:
            raise not_refreshable(self._source.login_again)
        if rules.store and self._clock.monotonic() + CALL > until:
            raise NotRefreshed("other programs had kiro-cli's refresh lock for too long", rules)
        entry = await self._ready(rules)
        try:
            lifetime = await self._exchange(entry, refresher(mine, self._base_url), mine)
            _log.info("token refreshed", account=self._account, seconds=int(lifetime))
            await self._saved(rules, until)
        finally:
            self._keeping = False

    async def _exchange(self, entry: Entry, call: TokenCall, mine: Credentials) -> float:
        """Seconds that the new tokens live, which are in use and in the journal then."""
        try:
            answer = await self._post(call)
            self._keeping = True
            renewed, lifetime = granted(mine, answer, self._clock.wall(), self._source.login_again)
            # At once and in this thread: until this write is done, the new tokens exist nowhere but in this process.
            self._note(entry, renewed)
            self._tokens.granted(renewed, lifetime)
        finally:
            await self._threads.run_to_end(_closed, entry)
        return lifetime

    async def _saved(self, rules: RefreshRules, until: float) -> None:
        """Save, while others wait for the login again and again; they have an ended token until then."""
        saved = await self._save()
        while not saved and rules.store and self._clock.monotonic() < until:
            await self._clock.sleep(SAVE_AGAIN)
            saved = await self._save()
        if not saved and (self._saving is None or self._saving.task.done()):
            self._saving = supervise(f"save {self._account}", self._save_later, sleep=self._clock.sleep)

    async def _ready(self, rules: RefreshRules) -> Entry:
        """The place of the answer. A refresh token is spent only when its successor can be kept (S15)."""
        try:
            return await self._threads.run(self._reserved, rules)
        except OSError as error:
            if rules.store:
                raise NotRefreshed(f"its database cannot be written ({error.strerror})", rules) from error
            raise bad_login(
                f"the login was not refreshed, because the new one could not be stored ({error.strerror}):"
                " make the folder of the credentials file, or the gateway's state folder, writable"
            ) from error

    def _reserved(self, rules: RefreshRules) -> Entry:
        if rules.store:
            rules.store.prove_store()
        try:
            return self._source.journal.reserve(self._tokens.credentials.refresh_token)
        except OSError as error:
            if not rules.store:
                self._source.prove_writable()
            _log.warning("no journal", account=self._account, error=error.strerror)
            return Unkept()

    def _note(self, entry: Entry, renewed: Credentials) -> None:
        try:
            entry.write(renewed)
        except OSError as error:
            _log.error("refreshed token not in the journal", account=self._account, error=error.strerror)

    async def _save(self) -> bool:
        mine = self._tokens.credentials
        try:
            await self._threads.run(self._source.save, mine, self._tokens.seen)
        except (OSError, GatewayError) as error:
            reason = error.message if isinstance(error, GatewayError) else str(error.strerror)
            _log.error("refreshed token not stored; it is kept in memory", account=self._account, error=reason)
            return False
        except Exception:  # noqa: BLE001 - the new token is good; the requests that wait for it need not fail
            log_failure(f"save {self._account}")
            return False
        self._tokens.kept(mine)
        return True

    async def _save_later(self) -> None:
        saved = False
        while not saved:
            await self._clock.sleep(SAVE_AGAIN)
            async with self._guard.alone(self._source.rules(self._tokens.credentials)) as hindrance:
                saved = not hindrance and await self._save()

    async def _settle(self) -> None:
        rules = self._source.rules(self._tokens.credentials)
        if rules.read_only:
            return
        async with self._guard.alone(rules) as hindrance, self._changing:
            if hindrance:
                return
            try:
                found = await self._threads.run(self._source.load)
            except GatewayError:
                return  # whoever needs it will say so
            self._tokens.found(found)
            await self._save()


def _closed(entry: Entry) -> None:
    """Let the disk have it before anything builds on it."""
    try:
        entry.sync()
    except OSError as error:
        _log.error("journal not on disk", error=error.strerror)
    finally:
        entry.close()
