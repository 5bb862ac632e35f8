"""All token servers on one address: which function answers which operation."""

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from gateway.simulator import desktop, idp, oidc
from gateway.simulator.record import Exchange
from gateway.simulator.script import Operation
from gateway.simulator.state import State

SERVERS: Final[Mapping[Operation, Callable[[State, Exchange], web.Response]]] = {
    "refresh": desktop.refresh,
    "login": desktop.login,
    "login_token": desktop.token,
    "login_device": desktop.device_authorization,
    "login_poll": desktop.poll,
    "register": oidc.register,
    "device": oidc.device_authorization,
    "authorize": oidc.authorize,
    "token": oidc.token,
    "idp": idp.token,
}
