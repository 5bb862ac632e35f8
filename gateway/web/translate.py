"""A client's conversation into what Kiro is sent, and what the decoder must know to read the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from msgspec import Struct, structs

from gateway.conversation import Conversation, ToolChoice
from gateway.honour.demands import Demands, demands
from gateway.honour.prompt import instructed
from gateway.kiro.answer import Answer, AnswerPlan
from gateway.kiro.call_reader import DeclaredTools
from gateway.kiro.circumstances import Circumstances
from gateway.kiro.conversation_id import chat_ids
from gateway.kiro.double_price import double_price_above
from gateway.kiro.eventstream import HeaderBlocks
from gateway.kiro.models import Catalogue, NameRules, Resolved, resolve
from gateway.kiro.payload import Draft, Layout, lay_out
from gateway.kiro.prompt_tokens import count_prompt, estimate_prompt
from gateway.kiro.schemas import KnownSchemas
from gateway.kiro.trimming import Dropped, SizeLimit, fit
from gateway.kiro.turn import ReasoningMode
from gateway.kiro.written import written
from gateway.upstream.stream import OpenStream
from gateway.web.heavy import Heavy, is_heavy
from gateway.web.honoured import Honoured
from gateway.web.schema_checks import SchemaChecks
from gateway.web.searching import Searching


@dataclass(frozen=True, slots=True)
class Manner:
    """How one dialect's requests are laid out and its answers read.

    reasoning: what becomes of thinking. only_asked: thinking the client did not ask for is dropped, since a client of
    that API may take the first block for the text.
    """

    layout: Layout
    reasoning: ReasoningMode
    only_asked: bool


class Translation(Struct, frozen=True):
    """One request, ready to be sent, and the way to read its answer and to hold it to what was asked.

    around: what a fault of Kiro's is completed with. dropped: what a size the user set left out. large: it took a
    thread, and so does what continues it. counted: the input's tokens by the tokenizer, where they decide something.
    """

    resolved: Resolved
    draft: Draft
    plan: AnswerPlan
    demands: Demands
    around: Circumstances
    dropped: Dropped | None = None
    large: bool = False
    counted: int | None = None

    @property
    def input_tokens(self) -> int:
        """About how many tokens the input is."""
        return self.plan.input_estimate if self.counted is None else self.counted


DENSEST: Final = 2
"""So many times the tokens that its length suggests may a text have: digits, hexadecimal and base64 do."""

_NAMES_KEPT: Final = 256
"""Spellings whose model is remembered; a machine's clients use a handful."""


class Translator:
    """Translates conversations. Remembers only what it would find again: names of models, schemas, header blocks."""

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        names: NameRules,
        manners: Mapping[str, Manner],
        *,
        count: Callable[[str], int],
        heavy: Heavy,
        new_id: Callable[[], str],
        size_limit: SizeLimit | None = None,
        read_text_calls: bool = False,
    ) -> None:
        """catalogue: that of now. manners: by dialect name. count: tokens of a text. heavy: where large ones are
        translated. new_id: a UUID, for the ids of calls in text.

        size_limit: of what is sent to Kiro. read_text_calls: calls that the model writes into its text are made calls.
        """
        self._catalogue = catalogue
        self._names = names
        self._manners = manners
        self._count = count
        self._heavy = heavy
        self._new_id = new_id
        self._size_limit = size_limit or SizeLimit()
        self._read_text_calls = read_text_calls
        self._blocks = HeaderBlocks()
        self._schemas = KnownSchemas()
        self._resolved: tuple[Catalogue | None, dict[str, Resolved]] = (None, {})

    async def translated(self, conversation: Conversation, dialect: str, *, large: bool) -> Translation:
        """The same as ``translate``; of a large conversation in a thread, and written as it will go out.

        large: the client's body was, whatever in it (a tool's schema, say) makes it so.
        """
        if not large and not is_heavy(conversation):
            return self.translate(conversation, dialect)
        return await self._heavy.run(self._translated_and_written, conversation, dialect)

    def _translated_and_written(self, conversation: Conversation, dialect: str) -> Translation:
        translation = self.translate(conversation, dialect)
        counted = self._counted(conversation, translation)
        return structs.replace(translation, draft=written(translation.draft), large=True, counted=counted)

    def _counted(self, conversation: Conversation, translation: Translation) -> int | None:
        """The input's tokens, where its length leaves open whether it costs double; None too if it was trimmed."""
        above = double_price_above(translation.draft.model_id)
        if above is None or translation.dropped or translation.plan.input_estimate * DENSEST <= above:
            return None
        return count_prompt(conversation, self._count)

    def translate(self, conversation: Conversation, dialect: str) -> Translation:
        """Raises GatewayError(INVALID_REQUEST) for a conversation that cannot be sent."""
        manner = self._manners[dialect]
        resolved = self._resolve(conversation.model)
        if resolved.chat_only:
            conversation = replace(conversation, tool_choice=ToolChoice("none"))
        ids = chat_ids(conversation)
        draw_up = partial(lay_out, resolved=resolved, layout=manner.layout, ids=ids, clean=self._schemas.clean)
        fitted = fit(instructed(conversation), draw_up, self._size_limit)
        draft = fitted.draft
        asked = bool(conversation.thinking.asked or resolved.thinking)
        plan = AnswerPlan(
            tags=draft.tags,
            reasoning=manner.reasoning if asked or not manner.only_asked else ReasoningMode.REMOVE,
            window=resolved.model.window,
            needs_signal=resolved.model.needs_signal,
            after_tool_results=draft.after_tool_results,
            original_names=draft.names,
            input_estimate=estimate_prompt(conversation if fitted.dropped is None else fitted.conversation),
            declared=_declared(conversation, draft, self._new_id()) if self._read_text_calls else None,
        )
        wanted = demands(
            conversation,
            told=draft.body.get("additionalModelRequestFields", {}).get("max_tokens"),
            most=resolved.model.max_output,
            thinking=asked,
            input_estimate=plan.input_estimate,
        )
        around = Circumstances(
            plan.input_estimate, plan.window, conversation.model, resolved.model.id, self._catalogue()
        )
        return Translation(resolved, draft, plan, wanted, around, fitted.dropped)

    def answer(self, translation: Translation) -> Answer:
        """A decoder for one attempt."""
        return Answer(translation.plan, self._count, self._blocks)

    def honoured(
        self, stream: OpenStream | Searching, translation: Translation, checks: SchemaChecks
    ) -> OpenStream | Searching | Honoured:
        """An open answer, held to what the client demanded; as it is, when that is nothing."""
        demanded = translation.demands
        if demanded.none:
            return stream
        judge = None if demanded.output is None else partial(checks.judge, demanded.output)
        return Honoured(stream, demanded.stages(self._count), judge)

    def _resolve(self, name: str) -> Resolved:
        """Threads may be here at once: a catalogue and what was found in it are one value."""
        catalogue = self._catalogue()
        resolved_with, known = self._resolved
        if catalogue is not resolved_with:
            known = {}
            self._resolved = catalogue, known
        found = known.get(name)
        if found is None:
            found = resolve(name, catalogue, self._names)
            if len(known) < _NAMES_KEPT:
                known[name] = found
        return found


def _declared(conversation: Conversation, draft: Draft, seed: str) -> DeclaredTools | None:
    """The tools the model was offered, by the names it was told."""
    if conversation.tool_choice.mode == "none" or not conversation.tools:
        return None
    short = {own: name for name, own in draft.names.items()}
    schemas = {short.get(tool.name, tool.name): tool.schema for tool in conversation.tools}
    return DeclaredTools(schemas, draft.names, seed)
