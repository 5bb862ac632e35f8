"""Documents into text, in a process of their own: ``python -m gateway.documents`` (started by ``web/documents.py``).

A PDF is a program for a machine with many corners: one can take minutes or gigabytes on purpose. A process can be
stopped and has limits; a thread has neither, and would hold up all other answers while it computes.
"""

from typing import Final

REFUSED: Final = 3
"""The exit code with a reason for the client; any other but 0 is a document that pypdf broke on."""
