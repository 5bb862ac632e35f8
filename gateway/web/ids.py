"""Names for requests and calls: unique, but no secrets."""

import random
import secrets


class Ids:
    """Makes ids from one seed of the system's: a system call for each would cost 25 µs, three times a request."""

    def __init__(self) -> None:
        self._dice = random.Random(secrets.randbits(256))  # noqa: S311 - nothing is protected by an id

    def hex(self, digits: int) -> str:
        """So many hexadecimal digits."""
        return f"{self._dice.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """A UUID of version 4: its version in digit 13, its variant in the two highest bits of digit 17."""
        digits = self.hex(32)
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
