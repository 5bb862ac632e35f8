"""Which profiles Kiro lists for a login, and which region takes an API key: each region knows only its own."""

import asyncio
import uuid
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from gateway.accounts.profile import Listing
from gateway.accounts.token_type import SSO_OIDC
from gateway.errors import UpstreamError
from gateway.kiro.control_requests import ControlRequest, key_profile, list_profiles
from gateway.kiro.endpoints import Identity
from gateway.kiro.faults import http_fault
from gateway.kiro.profiles import listed, region_of
from gateway.kiro.regions import same_partition
from gateway.upstream.connection import Connection
from gateway.upstream.control import PATIENCE, all_pages

_BUILDER_ID: Final = "builder id"
"""What the refusal of such a login says; its status alone also means a region without a profile."""


@dataclass(frozen=True, slots=True)
class ProfileList:
    """Asks over one connection; an account is given one. base_url: takes every host's place."""

    connection: Connection
    base_url: str | None = None

    async def __call__(self, identity: Identity) -> Listing:
        """The profiles of all regions of the login's partition, the identity's own region first.

        A refusal in one region says nothing of another. An Identity Center login that is refused everywhere is asked
        for once more with a token type, and the listing says whether that was taken. Raises UpstreamError when none
        gave an answer.
        """
        found = await self._everywhere(identity)
        if identity.kind == "idc" and identity.token_type is None and all(map(_is_forbidden, found)):
            labelled = await self._everywhere(replace(identity, token_type=SSO_OIDC))
            if not all(isinstance(answer, UpstreamError) for answer in labelled):
                return replace(_merged(labelled), token_type=SSO_OIDC)
        return _merged(found)

    async def _everywhere(self, identity: Identity) -> list[list[str] | UpstreamError]:
        regions = same_partition(identity.region)
        return await asyncio.gather(*(self._in_region(identity, region) for region in regions))

    async def _in_region(self, identity: Identity, region: str) -> list[str] | UpstreamError:
        """The ARNs of one region from the first host that tells, else the last host's fault."""
        hosts = len(list_profiles(identity, region, invocation_id="", base_url=self.base_url))
        fault: UpstreamError | None = None
        for host in range(hosts):

            def request_for(token: str | None, host: int = host) -> ControlRequest:
                invocation = str(uuid.uuid4())
                requests = list_profiles(
                    identity, region, invocation_id=invocation, base_url=self.base_url, next_token=token
                )
                return requests[host]

            try:
                arns = listed(await all_pages(self.connection, request_for, "profiles"))
            except UpstreamError as error:
                fault = error
                continue
            regions = same_partition(region)
            return [arn for arn in arns if region_of(arn) in regions]
        return fault if fault is not None else []


@dataclass(frozen=True, slots=True)
class KeyRegions:
    """Asks over one connection in which region an API key is good. base_url: takes every host's place."""

    connection: Connection
    base_url: str | None = None

    async def __call__(self, identity: Identity) -> str | None:
        """The first region that takes the key; None when all refused it, which need not mean that it is good nowhere.

        Raises UpstreamError when a region gave no answer and no other took the key.
        """
        silent: UpstreamError | None = None
        for region in same_partition(identity.region):
            try:
                fault = await self._refusal(identity, region)
            except UpstreamError as error:
                silent = error
                continue
            if fault is None:
                return region
            if fault.upstream_status is None or not 400 <= fault.upstream_status < 429:  # noqa: PLR2004 - HTTP: refused
                silent = fault
        if silent is not None:
            raise silent
        return None

    async def _refusal(self, identity: Identity, region: str) -> UpstreamError | None:
        request = key_profile(identity, region, invocation_id=str(uuid.uuid4()), base_url=self.base_url)
        answer = await self.connection.call(
            request.method, request.url, request.headers, request.body, where="Kiro's control plane", patience=PATIENCE
        )
        if answer.status == HTTPStatus.OK:
            return None
        return http_fault(answer.status, answer.headers, answer.body)


def _merged(found: list[list[str] | UpstreamError]) -> Listing:
    arns = [arn for answer in found if not isinstance(answer, UpstreamError) for arn in answer]
    faults = [answer for answer in found if isinstance(answer, UpstreamError)]
    if any(_BUILDER_ID in fault.message.lower() for fault in faults):
        return Listing(builder_id=True)
    if len(faults) == len(found) and (lasting := next((one for one in faults if not _has_none(one)), None)):
        raise lasting
    return Listing(tuple(dict.fromkeys(arns)))


def _has_none(fault: UpstreamError) -> bool:
    """Whether the refusal only means that the login has no profile there; a refused token says nothing of profiles."""
    return fault.upstream_status == HTTPStatus.FORBIDDEN and not fault.expired


def _is_forbidden(answer: list[str] | UpstreamError) -> bool:
    """A refusal that a token type may change; not that of a Builder ID, whom no region answers."""
    if not isinstance(answer, UpstreamError) or answer.upstream_status != HTTPStatus.FORBIDDEN:
        return False
    return _BUILDER_ID not in answer.message.lower()
