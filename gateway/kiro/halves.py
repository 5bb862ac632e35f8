"""Text cut between the two halves of a character outside the BMP.

Kiro cuts its text by UTF-16 units: an emoji may come as ``\\ud83d`` at the end of one delta and ``\\ude00`` at the
beginning of the next. A half that stays alone becomes U+FFFD, as nothing can be sent for it.
"""


class Halves:
    """Joins the halves of one channel (the text, the reasoning, one tool call's arguments)."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = ""

    def join(self, text: str) -> str:
        """``text`` with whole characters only; a first half at its end waits for the next text."""
        if not self.held and text.isascii():
            return text
        text = self.held + text
        self.held = ""
        if "\ud800" <= text[-1:] <= "\udbff":
            self.held, text = text[-1], text[:-1]
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text

    def rest(self) -> str:
        """What stands for a half whose other half never came."""
        held, self.held = self.held, ""
        return "\ufffd" if held else ""
