"""Which profiles Kiro lists for a login: every region that has Kiro is asked, for each knows only its own."""

import asyncio
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from gateway.accounts.profile import Listing
from gateway.errors import UpstreamError
from gateway.kiro.control_requests import ControlRequest, list_profiles
from gateway.kiro.endpoints import API_REGIONS, Identity
from gateway.kiro.profiles import listed
from gateway.upstream.connection import Connection
from gateway.upstream.control import all_pages

_BUILDER_ID: Final = "builder id"
"""What the refusal of such a login says; its status alone also means a region without a profile."""


@dataclass(frozen=True, slots=True)
class ProfileList:
    """Asks over one connection; an account is given one. base_url: takes every host's place."""

    connection: Connection
    base_url: str | None = None

    async def __call__(self, identity: Identity) -> Listing:
        """The profiles of all regions, the identity's own first.

        A refusal in one region says nothing of another. Raises UpstreamError when none gave an answer.
        """
        regions = sorted(API_REGIONS, key=lambda region: region != identity.region)
        found = await asyncio.gather(*(self._in_region(identity, region) for region in regions))
        arns = [arn for answer in found if not isinstance(answer, UpstreamError) for arn in answer]
        faults = [answer for answer in found if isinstance(answer, UpstreamError)]
        if any(_BUILDER_ID in fault.message.lower() for fault in faults):
            return Listing(builder_id=True)
        if len(faults) == len(found) and (lasting := next((one for one in faults if not _has_none(one)), None)):
            raise lasting
        return Listing(tuple(dict.fromkeys(arns)))

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
                return listed(await all_pages(self.connection, request_for, "profiles"))
            except UpstreamError as error:
                fault = error
        return fault if fault is not None else []


def _has_none(fault: UpstreamError) -> bool:
    """Whether the refusal only means that the login has no profile there; a refused token says nothing of profiles."""
    return fault.upstream_status == HTTPStatus.FORBIDDEN and not fault.expired
