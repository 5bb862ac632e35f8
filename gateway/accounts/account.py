"""One login in use: gives requests a fresh token, and has it renewed before it ends."""

from hashlib import sha256
from typing import Final

from gateway.accounts.clock import Clock
from gateway.accounts.credentials import Credentials, bad_login, region_is_configured
from gateway.accounts.key_region import FindRegion, KeyRegion, no_region
from gateway.accounts.locks import FolderLocks
from gateway.accounts.profile import ListProfiles, Profiles, lists_nothing
from gateway.accounts.refresh import REFRESHERS
from gateway.accounts.refresh.grant import Post
from gateway.accounts.renewal import Renewal
from gateway.accounts.sources.source import Source
from gateway.accounts.token_type import TokenTypeMemory
from gateway.accounts.tokens import Tokens
from gateway.kiro.endpoints import Identity
from gateway.threads import Threads

THRESHOLD: Final = 600.0
"""Seconds before expiry from which on a token is renewed."""

LOGIN_THREADS: Final = 1
"""Threads of each account for the files of its login: its reads, writes and locks come one after the other anyway, and
a file system that hangs stops this account only. They end by themselves and are never closed: a request that is still
on an account that was taken out may need one more refresh."""


class Account:
    """A login and what is known of it now.

    id: a label for logs, without anything secret.
    """

    def __init__(
        self,
        source: Source,
        credentials: Credentials,
        post: Post,
        *,
        base_url: str | None = None,
        threshold: float = THRESHOLD,
        lock_wait: float | None = None,
        clock: Clock | None = None,
        profiles: ListProfiles = lists_nothing,
        find_region: FindRegion = no_region,
        threads: Threads | None = None,
        folders: FolderLocks | None = None,
    ) -> None:
        """threads: for the files of this login alone; made here if none are given. folders: locked by this process.

        lock_wait: seconds to wait for the login's lock, where it is not to be as long as its source has it.
        """
        self.source = source
        # Stable over refreshes and restarts: nothing that rotates goes into it.
        self._machine_id = sha256(f"kiro-gateway machine\0{credentials.client_id or source.key}".encode()).hexdigest()
        self.id = f"{credentials.kind}-{self._machine_id[:6]}"
        self._known: tuple[Credentials, Identity] | None = None
        self._clock = clock or Clock()
        self._tokens = Tokens(credentials, self._clock, threshold, lambda login: source.rules(login).lead)
        self._threads = threads or Threads(f"login {self.id}", LOGIN_THREADS)
        self._renewal = Renewal(
            source,
            self._tokens,
            post,
            account=self.id,
            clock=self._clock,
            threads=self._threads,
            base_url=base_url,
            lock_wait=lock_wait,
            folders=folders,
        )
        self.token_types = TokenTypeMemory()
        self._profiles = Profiles(
            profiles,
            configured_region=credentials.configured_api_region,
            learn_token_type=self.token_types.listed,
            clock=self._clock.monotonic,
        )
        self._key_region = KeyRegion(
            find_region, configured=region_is_configured(credentials), clock=self._clock.monotonic
        )
        self._arn_demanded = False

    @property
    def credentials(self) -> Credentials:
        """The login as it is now."""
        return self._tokens.credentials

    @property
    def generation(self) -> int:
        """Grows with every change of tokens."""
        return self._tokens.generation

    @property
    def expires_at(self) -> float | None:
        """When the access token ends, in epoch seconds."""
        return self._tokens.expires_at

    @property
    def refreshed_at(self) -> float | None:
        """When this process refreshed it last, in epoch seconds."""
        return self._tokens.refreshed_at

    @property
    def lead(self) -> float:
        """Seconds before its end from which on the token is renewed."""
        return self._tokens.lead

    @property
    def exact(self) -> bool:
        """Whether it is renewed then and not earlier, because kiro-cli shares the login."""
        return self._tokens.exact

    def now(self) -> float:
        """The wall's time, by which ``expires_at`` and ``refreshed_at`` go."""
        return self._clock.wall()

    @property
    def profile_arn(self) -> str | None:
        """The profile that its requests name, as far as it is known by now."""
        return self._profiles.known(self._identity()).profile_arn

    async def settle(self) -> None:
        """Bring to its source what a crash has left in the journal. Faults are logged, never raised."""
        if self.credentials.kind in REFRESHERS:
            await self._renewal.settle()

    async def renew_ahead(self) -> None:
        """Renew the token though nobody needs it yet. A fault is logged and remembered, never raised."""
        if self.credentials.kind in REFRESHERS and not self._renewal.paused:
            await self._renewal.finished(None)

    async def identity(self) -> Identity:
        """A token good for a request. Waits only when there is none; raises GatewayError when none is to be had."""
        if self._tokens.due():
            if not self._tokens.alive():
                await self._renewed(None)
            elif not self._renewal.paused:
                self._renewal.start(None)
        return await self._completed()

    async def refresh_after_refusal(self, refused_token: str) -> Identity:
        """A token other than the refused one: refreshes only if nobody has since (late refusals are of old tokens)."""
        if self.credentials.access_token == refused_token:
            await self._renewed(refused_token)
        return await self._completed()

    async def reload(self) -> bool:
        """Use what the login's source holds now; True when that is another login than the one in use."""
        return await self._renewal.reload()

    async def correct_profile(self, refused: Identity) -> bool:
        """After a refusal that may mean a wrong profile: whether there is another one to send with now."""
        return await self._profiles.correct(refused, self.id)

    def demand_arn(self) -> None:
        """The runtime host wants a profile of this API key too: from now on only the older hosts are asked."""
        self._arn_demanded, self._known = True, None

    async def close(self) -> None:
        """Wait for a refresh in flight, so that a rotated token reaches the disk."""
        await self._key_region.close()
        await self._profiles.close()
        await self._renewal.close()

    async def _completed(self) -> Identity:
        """The identity with all that its login does not say itself."""
        mine = self._identity()
        if mine.kind == "api_key":
            return await self._key_region.completed(mine, self.id)
        return self.token_types.apply(await self._profiles.completed(mine, self.id))

    def _identity(self) -> Identity:
        """Made once for each login, not twice for each request (2 us each time)."""
        mine = self.credentials
        if self._known is None or self._known[0] is not mine:
            self._known = (
                mine,
                Identity(
                    access_token=mine.access_token,
                    profile_arn=mine.profile_arn,
                    kind=mine.kind,
                    region=mine.api_region,
                    machine_id=self._machine_id,
                    arn_demanded=self._arn_demanded,
                ),
            )
        return self._known[1]

    async def _renewed(self, refused: str | None) -> None:
        error = await self._renewal.finished(refused)
        if self._tokens.usable(refused):
            return
        # A value of its own for each request that waited: they raise it, and complete it with what they know.
        raise (error or bad_login("Kiro refused the access token, and it could not be renewed")).replaced()
