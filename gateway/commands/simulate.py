"""Run a simulated Kiro on this machine: same calls, same frames, invented answers.

It prints one line with its URL. Point a gateway to it with upstream.base_url (KIRO_BASE_URL).
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from gateway.commands import USAGE_ERROR


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Port, certificate, and which of its checks are off."""
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; without it a free one")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="PEM certificate: speak HTTPS")
    parser.add_argument("--key", type=Path, metavar="FILE", help="PEM key of the certificate")
    parser.add_argument(
        "--off", action="append", default=[], metavar="NAME", help="switch a check off; may be repeated"
    )
    parser.add_argument("--with-parent", action="store_true", help="end when the standard input ends")


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    if (options.certificate is None) != (options.key is None):
        print("kiro-gateway simulate: --certificate and --key belong together", file=sys.stderr)
        return USAGE_ERROR
    from gateway.simulator.server import run as serve

    if options.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        serve(port=options.port, certificate=options.certificate, key=options.key, off=options.off)
    except (OSError, ValueError) as error:  # a port in use, a bad certificate, an unknown check
        print(f"kiro-gateway simulate: {error}", file=sys.stderr)
        return 1
    return 0


def _end_with_parent() -> None:
    """The pipe ends when the parent does, however it ended; a signal to ourselves then closes everything in order."""
    sys.stdin.buffer.read()
    if os.name == "nt":
        os._exit(0)  # no signal a Windows process could send to itself and handle
    os.kill(os.getpid(), signal.SIGTERM)
