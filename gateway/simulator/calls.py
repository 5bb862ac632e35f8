"""Which operation a request calls, and in which style: paths (REST) or ``x-amz-target`` on ``POST /`` (RPC)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.simulator.refusals import RPC_CONTENT_TYPE
from gateway.simulator.script import Operation

CODEWHISPERER_STREAMING: Final = "AmazonCodeWhispererStreamingService"
Q_STREAMING: Final = "AmazonQDeveloperStreamingService"
CONTROL_PLANE: Final = "KiroControlPlaneBearerService"

_PATHS: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", "/generateAssistantResponse"): "generate",
    ("GET", "/ListAvailableModels"): "models",
    ("POST", "/ListAvailableModels"): "models",
    ("GET", "/List-Available-Models"): "models",
    ("POST", "/List-Available-Models"): "models",
    ("POST", "/ListAvailableProfiles"): "profiles",
    ("POST", "/List-Available-Profiles"): "profiles",
    ("GET", "/getUsageLimits"): "usage",
    ("POST", "/GetProfile"): "profile",
    ("POST", "/mcp"): "mcp",
    ("POST", "/refreshToken"): "refresh",
    ("GET", "/login"): "login",
    ("POST", "/oauth/token"): "login_token",
    ("POST", "/oauth/device/authorization"): "login_device",
    ("POST", "/oauth/device/poll"): "login_poll",
    ("POST", "/client/register"): "register",
    ("POST", "/device_authorization"): "device",
    ("GET", "/authorize"): "authorize",
    ("POST", "/token"): "token",
    ("POST", "/idp/token"): "idp",
    ("POST", "/agents/activity"): "activity",
    ("POST", "/metrics"): "telemetry",
    ("POST", "/sendTelemetryEvent"): "telemetry",
}

NEVER: Final = frozenset({"activity", "telemetry"})
"""Operations that report on the user and that no gateway has any business with: always 403, and on record."""

_TARGETS: Final[Mapping[str, Operation]] = {
    f"{CODEWHISPERER_STREAMING}.GenerateAssistantResponse": "generate",
    f"{CODEWHISPERER_STREAMING}.SendMessage": "generate",
    f"{Q_STREAMING}.SendMessage": "generate",
    f"{Q_STREAMING}.GenerateAssistantResponse": "generate",
    "AmazonCodeWhispererService.ListAvailableModels": "models",
    "KiroControlPlaneBearerService.ListAvailableModels": "models",
    "AmazonCodeWhispererService.ListAvailableProfiles": "profiles",
    "KiroControlPlaneBearerService.ListAvailableProfiles": "profiles",
    "AmazonCodeWhispererService.GetUsageLimits": "usage",
    "KiroControlPlaneBearerService.GetUsageLimits": "usage",
    "AmazonCodeWhispererService.GetProfile": "profile",
    "KiroControlPlaneBearerService.GetProfile": "profile",
    "AmazonCodeWhispererService.SendTelemetryEvent": "telemetry",
}


@dataclass(frozen=True, slots=True)
class Call:
    """operation: what is asked for. rpc: the answer has the RPC form. service: the target's prefix, or ``""``."""

    operation: Operation
    rpc: bool
    service: str


def recognise(method: str, path: str, target: str) -> Call | None:
    """The call, or None for a path or target nobody serves. A path with a target too counts as REST."""
    service = target.partition(".")[0]
    by_path = _PATHS.get((method, path))
    if by_path is not None:
        return Call(by_path, rpc=False, service=service)
    by_target = _TARGETS.get(target) if (method, path) == ("POST", "/") else None
    return Call(by_target, rpc=True, service=service) if by_target is not None else None


def content_type_fits(call: Call, content_type: str) -> bool:
    """RPC takes exactly ``application/x-amz-json-1.0``; wherever that type is used it takes no ``; charset``."""
    if call.rpc:
        return content_type == RPC_CONTENT_TYPE
    return not content_type.startswith(RPC_CONTENT_TYPE) or content_type == RPC_CONTENT_TYPE
