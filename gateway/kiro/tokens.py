"""Counting tokens offline: exact by a vocabulary of Claude, or estimated from a size.

Kiro's own figures come first wherever it gives them. The vocabulary is that of Claude 2, so that its counts are an
estimate for the models of today, too.
"""

import gzip
from base64 import b64decode
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from gateway.jsontext import decode

if TYPE_CHECKING:  # imported when first counted: commands that do not count need not load it
    from tiktoken import Encoding

BYTES_PER_TOKEN: Final = 3.5
"""Between JSON with code (3.1 by the vocabulary) and English prose (4.8)."""

TOKENS_PER_IMAGE: Final = 1600
"""What a picture of the largest size that is not scaled down costs on Claude."""

SLICE: Final = 16_384
"""Characters normalized and counted at once: a millisecond in which no other thread may run. One pathological text in
one piece would also cost time out of proportion; a cut costs at most a token or two."""


class TokenCounter:
    """Counts the tokens of a text. Any thread may call.

    ``load`` or the first count loads the vocabulary (0.1 s, 45 MB). Half of that is one call which holds the
    interpreter, so a server loads it before it serves anyone.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._encoding: Encoding | None = None

    def __call__(self, text: str) -> int:
        """Tokens of the text; the names of special tokens in it are plain text. Half surrogate pairs do no harm."""
        if not text:
            return 0
        encode = self._loaded().encode_ordinary
        return sum(len(encode(part if part.isascii() else normalize("NFKC", part))) for part in _slices(text))

    def load(self) -> None:
        """Load the vocabulary, so that no count has to."""
        self._loaded()

    def _loaded(self) -> "Encoding":
        if self._encoding is None:
            with self._lock:
                if self._encoding is None:
                    self._encoding = _load()
        return self._encoding


def _slices(text: str) -> Iterator[str]:
    return (text[start : start + SLICE] for start in range(0, len(text), SLICE))


@cache
def _load() -> "Encoding":
    """The encoding, one for the process, out of the shipped file.

    Its ``bpe_ranks``: a mark, the first rank, base64 tokens in order.
    """
    from tiktoken import Encoding  # noqa: PLC0415 - see the top: only who counts loads it

    vocabulary = decode(gzip.decompress(files("gateway.kiro.vocabulary").joinpath("claude.json.gz").read_bytes()))
    _, first, *tokens = vocabulary["bpe_ranks"].split(" ")
    return Encoding(
        name="claude",
        pat_str=vocabulary["pat_str"],
        mergeable_ranks={b64decode(token): rank for rank, token in enumerate(tokens, int(first))},
        special_tokens=vocabulary["special_tokens"],
    )


def estimate(size_bytes: int, images: int) -> int:
    """Tokens of an input of so many bytes of text (images' bytes not counted in) and so many images; no tokenizer.

    Never 0 for a size above 0.
    """
    text = max(1, round(size_bytes / BYTES_PER_TOKEN)) if size_bytes > 0 else 0
    return text + max(0, images) * TOKENS_PER_IMAGE
