"""What the model was asked for and did not do."""

from gateway.errors import GatewayError, Kind


class Unmet(GatewayError):
    """An answer that is not what the client demanded.

    said: the model's words. correction: what to tell the model if it is asked once more.
    """

    said: str
    correction: str

    def __init__(self, message: str, *, said: str, correction: str) -> None:
        super().__init__(Kind.UPSTREAM, message, should_retry=False)
        self._fill(said=said, correction=correction)
