"""A request body as it was sent, whatever its types are: places and objects, found once for all rules.

Nothing here raises: where an object or a list is missing or of another type, an empty one stands.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Object = Mapping[str, Any]
Placed = tuple[str, Object]
"""(path in the body, the object there)"""

Finding = tuple[str, str]
"""(path of a rule's breach, what to change)"""

STATE: Final = "conversationState"
USER: Final = "userInputMessage"
ASSISTANT: Final = "assistantResponseMessage"
CONTEXT: Final = "userInputMessageContext"

_FREE: Final = frozenset({"input", "json", "inputSchema", "additionalModelRequestFields"})
"""Members that hold JSON of the client's or the model's choosing: no rule about members reaches inside."""


def as_object(value: Any) -> Object:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def placed(parent: Object, name: str, path: str) -> list[Placed]:
    """The objects of the list ``name`` with their paths; an item of another type counts as an empty object."""
    return [(f"{path}.{name}[{index}]", as_object(item)) for index, item in enumerate(as_list(parent.get(name)))]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. role: "user", "assistant", or "" when it is not exactly one of them.

    message: what stands under its one key; path: where that is. place: where the turn itself is.
    """

    place: str
    role: str
    path: str
    message: Object
    uses: list[Placed] = field(default_factory=list)
    results: list[Placed] = field(default_factory=list)
    images: list[Placed] = field(default_factory=list)

    @property
    def context(self) -> Object:
        """The user message's context."""
        return as_object(self.message.get(CONTEXT))

    @property
    def context_path(self) -> str:
        """Where the context is, or would be."""
        return f"{self.path}.{CONTEXT}"


def read_turn(value: Any, place: str) -> Turn:
    """A member of the union of user and assistant message."""
    union = as_object(value)
    user, assistant = union.get(USER), union.get(ASSISTANT)
    if isinstance(user, dict) and assistant is None:
        path = f"{place}.{USER}"
        results = placed(as_object(user.get(CONTEXT)), "toolResults", f"{path}.{CONTEXT}")
        return Turn(place, "user", path, user, results=results, images=placed(user, "images", path))
    if isinstance(assistant, dict) and user is None:
        path = f"{place}.{ASSISTANT}"
        return Turn(place, "assistant", path, assistant, uses=placed(assistant, "toolUses", path))
    return Turn(place, "", place, {})


class Body:
    """The body's turns and tools.

    history, current: the turns; turns: both, in order. tools: the declared specifications, cache points left out.
    known_models, fields_schemas, window: what the service knows of its models; None where the checker does not.
    """

    def __init__(
        self,
        payload: Object,
        known_models: Collection[str] | Mapping[str, Object | None] | None = None,
        window: int | None = None,
    ) -> None:
        self.known_models = known_models
        self.fields_schemas = known_models if isinstance(known_models, Mapping) else None
        self.window = window
        self.root = as_object(payload)
        self.state = as_object(self.root.get(STATE))
        self.history = [
            read_turn(item, f"{STATE}.history[{index}]")
            for index, item in enumerate(as_list(self.state.get("history")))
        ]
        self.current = read_turn(self.state.get("currentMessage"), f"{STATE}.currentMessage")
        self.turns = [*self.history, self.current]
        self.tools = [
            (f"{path}.toolSpecification", as_object(tool.get("toolSpecification")))
            for path, tool in placed(self.current.context, "tools", self.current.context_path)
            if "cachePoint" not in tool
        ]

    @property
    def users(self) -> Iterator[Turn]:
        """The user turns, the current one included."""
        return (turn for turn in self.turns if turn.role == "user")

    @property
    def assistants(self) -> Iterator[Turn]:
        """The assistant turns."""
        return (turn for turn in self.turns if turn.role == "assistant")

    @property
    def pairs(self) -> Iterator[tuple[Turn, Turn]]:
        """Each user turn with the turn right before it; the first one with an empty turn."""
        before = Turn("", "", "", {})
        for turn in self.turns:
            if turn.role == "user":
                yield before, turn
            before = turn


def text_weight(payload: Any, foreign: int = 8) -> int:
    """The sum over all characters of all strings: 1 for ASCII, ``foreign`` for others.

    Images do not count: their base64 is no text. The keys do not count either; they are a few hundred bytes.
    """
    weight, waiting = 0, [payload]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            weight += len(value) if value.isascii() else _foreign_weight(value, foreign)
        elif isinstance(value, dict):
            waiting.extend(item for name, item in value.items() if name != "images")
        elif isinstance(value, list):
            waiting.extend(value)
    return weight


def _foreign_weight(text: str, foreign: int) -> int:
    plain = len(text.encode("ascii", "ignore"))
    return plain + foreign * (len(text) - plain)


def null_members(payload: Object) -> Iterator[str]:
    """The paths of all members that are null, outside free JSON."""
    waiting: list[tuple[str, Any]] = [("", payload)]
    while waiting:
        path, value = waiting.pop()
        for place, item in reversed(list(_children(path, value))):
            if item is None:
                yield place
            elif isinstance(item, dict | list):
                waiting.append((place, item))


def _children(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"{path}.{name}" if path else name, item) for name, item in value.items() if name not in _FREE)
    else:
        yield from ((f"{path}[{index}]", item) for index, item in enumerate(value))
