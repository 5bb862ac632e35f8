"""Models: what is known of each and from where, and which one a client means."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gateway.kiro.model_names import Spelling, claude_name, family, readings, without_window
from gateway.kiro.model_table import DEFAULT_WINDOW, FALLBACK_NAMES, SILENT_MODELS, known

UPSTREAM: Final = "upstream"
TABLE: Final = "fallback table"
CONFIGURED: Final = "configured"
ASSUMED: Final = "assumed"
CLIENT: Final = "client"


@dataclass(frozen=True, slots=True)
class Model:
    """One model of Kiro.

    id: what Kiro is sent. name: for people. window, max_output: tokens. rate: credits as a factor.
    images: it sees pictures. efforts: levels its native reasoning takes, none when it has no native field.
    fields_schema: what ``additionalModelRequestFields`` may hold, None when nothing.
    sources: fact → where it comes from: ``upstream``, ``fallback table``, ``configured`` (id of a hidden model),
    ``client`` (id of an unknown name) or ``assumed``.
    """

    id: str
    name: str
    window: int = DEFAULT_WINDOW
    max_output: int | None = None
    images: bool = True
    rate: float | None = None
    efforts: tuple[str, ...] = ()
    fields_schema: Mapping[str, Any] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Why the gateway believes that the model exists."""
        return self.sources.get("id", ASSUMED)

    @property
    def needs_signal(self) -> bool:
        """Whether an answer is complete only with a completion signal."""
        return self.id not in SILENT_MODELS


@dataclass(frozen=True, slots=True)
class NameRules:
    """The user's say about names.

    hidden: name → id Kiro accepts but does not list. aliases: other name → name.
    hidden_from_list: names the list does not show; they still work. fallback: models while Kiro's list did
    not load, empty for the built-in ones. window: tokens assumed for a model whose window nobody tells.
    """

    hidden: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=lambda: {"auto-kiro": "auto"})
    hidden_from_list: frozenset[str] = frozenset()
    fallback: tuple[str, ...] = ()
    window: int = DEFAULT_WINDOW


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models of one moment. ``default`` is the id Kiro uses when none is named."""

    models: tuple[Model, ...]
    default: str = "auto"

    def find(self, model_id: str) -> Model | None:
        """The model of an id, however its letters are cased."""
        lowered = model_id.lower()
        return next((model for model in self.models if model.id.lower() == lowered), None)

    @classmethod
    def fallback(cls, names: NameRules) -> "Catalogue":
        """What there is until Kiro's own list came."""
        ids = names.fallback or FALLBACK_NAMES
        return cls(tuple(describe(name, TABLE if known(name) else CONFIGURED, names.window) for name in ids))

    @classmethod
    def from_upstream(cls, answer: Mapping[str, Any], window: int = DEFAULT_WINDOW) -> "Catalogue":
        """A ListAvailableModels answer, pages joined; entries without an id are skipped, unknown members ignored."""
        entries = answer.get("models")
        items = entries if isinstance(entries, list) else []
        models = [
            _from_entry(entry, window) for entry in items if isinstance(entry, dict) and _text(entry.get("modelId"))
        ]
        default = answer.get("defaultModel")
        named = default.get("modelId") if isinstance(default, dict) else default
        return cls(tuple({model.id: model for model in models}.values()), _text(named) or "auto")


def describe(model_id: str, source: str, window: int = DEFAULT_WINDOW) -> Model:
    """A model of which only the id is told (and by whom); the rest from the table or assumed."""
    row = known(model_id)
    if row is None:
        return Model(model_id, model_id, window, sources={"id": source, "window": ASSUMED, "images": ASSUMED})
    facts = {"window": row.window, "max_output": row.max_output, "rate": row.rate, "fields_schema": row.efforts}
    sources = {name: TABLE for name, value in facts.items() if value} | {"id": source, "name": TABLE, "images": TABLE}
    return Model(
        model_id,
        row.name,
        row.window or window,
        row.max_output,
        row.images,
        row.rate,
        row.efforts,
        row.fields_schema(),
        {"window": ASSUMED, **sources},
    )


def _from_entry(entry: Mapping[str, Any], window: int) -> Model:
    """A model object of the list; what it leaves out comes from the table."""
    base = describe(entry["modelId"], UPSTREAM, window)
    limits = entry.get("tokenLimits")
    limits = limits if isinstance(limits, dict) else {}
    inputs = entry.get("supportedInputTypes")
    schema = entry.get("additionalModelRequestFieldsSchema")
    told: dict[str, Any] = {
        "name": _text(entry.get("modelName")),
        "window": _count(limits.get("maxInputTokens")),
        "max_output": _count(limits.get("maxOutputTokens")),
        "rate": entry.get("rateMultiplier") if isinstance(entry.get("rateMultiplier"), int | float) else None,
        "images": "IMAGE" in inputs if isinstance(inputs, list) else None,
        # A described model without the schema has no native field, whatever the table remembers.
        "fields_schema": schema if isinstance(schema, dict) else None,
    }
    sources = {name: UPSTREAM for name, value in told.items() if value is not None}
    facts = {name: getattr(base, name) if value is None else value for name, value in told.items()}
    facts["fields_schema"] = told["fields_schema"]
    remembered = {name: source for name, source in base.sources.items() if name != "fields_schema"}
    return Model(base.id, efforts=efforts_of(schema), sources=remembered | sources, **facts)


def efforts_of(schema: Any) -> tuple[str, ...]:
    """The levels a fields schema allows, in its order (Claude's ``output_config`` or GPT's ``reasoning``)."""
    for part in ("output_config", "reasoning"):
        levels = dig(schema, "properties", part, "properties", "effort", "enum")
        if isinstance(levels, list):
            return tuple(level for level in levels if isinstance(level, str))
    return ()


def dig(value: Any, *path: str) -> Any:
    """The value at a path of object members, None where the path ends early."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The model a client means, and what its spelling asks for beside it."""

    model: Model
    thinking: bool = False
    agentic: bool = False
    chat_only: bool = False
    preferred_endpoint: str | None = None


def resolve(name: str, catalogue: Catalogue, names: NameRules) -> Resolved:
    """Find the model of a client's spelling. Never fails: Kiro is the judge of a name nobody knows.

    Suffixes and prefixes count only when what is left is known or a Claude name; otherwise they belong to the name.
    """
    for spelling in readings(name):
        target = _lookup(spelling.base, names.aliases)
        if target is not None:
            return _follow(spelling, resolve(target, catalogue, replace(names, aliases={})))
        model = _known_model(spelling.base, catalogue, names)
        if model is not None:
            return _resolved(spelling, model)
    return Resolved(describe(without_window(name), CLIENT, names.window))


def _resolved(spelling: Spelling, model: Model) -> Resolved:
    return Resolved(model, spelling.thinking, spelling.agentic, spelling.chat_only, spelling.preferred_endpoint)


def _follow(spelling: Spelling, target: Resolved) -> Resolved:
    """An alias may carry suffixes itself; both sides count."""
    return Resolved(
        target.model,
        spelling.thinking or target.thinking,
        spelling.agentic or target.agentic,
        spelling.chat_only or target.chat_only,
        spelling.preferred_endpoint or target.preferred_endpoint,
    )


def _known_model(base: str, catalogue: Catalogue, names: NameRules) -> Model | None:
    hidden = _lookup(base, names.hidden)
    if hidden is not None:
        return describe(hidden, CONFIGURED, names.window)
    kiro = claude_name(base)
    found = catalogue.find(base) or catalogue.find(kiro or base)
    if found is not None:
        return found
    # Not in the list, which depends on plan, region and origin: a name of Kiro's making still goes to the judge.
    if row := known(kiro or base.lower()):
        return describe(row.id, TABLE, names.window)
    return describe(kiro, CLIENT, names.window) if kiro else None


def _lookup(base: str, table: Mapping[str, str]) -> str | None:
    """What the user's table says of a name or of Kiro's spelling of it, unless that leads to another family."""
    spellings = {base.lower(), claude_name(base)}
    target = next((value for key, value in table.items() if key.lower() in spellings), None)
    return None if target is None or _crosses(base, target) else target


def _crosses(name: str, target: str) -> bool:
    """Whether two names speak of different Claude families."""
    ours, theirs = family(name), family(target)
    return ours is not None and theirs is not None and ours != theirs


def alias_problems(aliases: Mapping[str, str]) -> list[str]:
    """One sentence for each alias (or hidden model) that leads from one Claude family to another."""
    return [
        f"{name} is a {family(name)} name and may not stand for {target}, a {family(target)} model"
        for name, target in aliases.items()
        if _crosses(name, target)
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of the model list: ``name`` is what a client sends; ``alias_of`` the id it stands for, if another."""

    name: str
    model: Model
    alias_of: str | None = None


def listing(catalogue: Catalogue, names: NameRules) -> tuple[Listed, ...]:
    """Kiro's models, then hidden ones, aliases and dated client spellings; each name once, hidden names left out."""
    entries = [Listed(model.id, model) for model in catalogue.models]
    entries += [
        Listed(name, describe(model_id, CONFIGURED, names.window), model_id) for name, model_id in names.hidden.items()
    ]
    for alias in (*names.aliases, *_dated(catalogue.models)):
        model = resolve(alias, catalogue, names).model
        if model.source != CLIENT:
            entries.append(Listed(alias, model, model.id))
    unseen = {name.lower() for name in names.hidden_from_list}
    return tuple({entry.name: entry for entry in reversed(entries) if entry.name.lower() not in unseen}.values())[::-1]


def _dated(models: Iterable[Model]) -> list[str]:
    return [spelling for model in models if (row := known(model.id)) for spelling in row.dated]


def suggestions(name: str, catalogue: Catalogue, limit: int = 3) -> tuple[str, ...]:
    """Ids a client may have meant, the nearest first; never of another Claude family."""
    ids = [model.id for model in catalogue.models if not _crosses(name, model.id)]
    plain = without_window(name)
    wanted = (claude_name(plain) or plain).lower()
    return tuple(difflib.get_close_matches(wanted, ids, limit, 0.6))
