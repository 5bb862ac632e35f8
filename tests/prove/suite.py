"""The tests of the upstream's faults, counted by the statement each is about."""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).parents[2]
STATEMENTS: Final = {
    "R19": "No connection: refused, swallowed, unknown name, TLS, certificate, proxy; the phase is named",
    "R20": "No first frame in time; sent again only as often as allowed",
    "R21": "Silence in mid-answer; bytes of an unfinished frame are no sign of life",
    "R22": "Answers that drip, byte by byte and at every split",
    "R23": "Answers cut by FIN, RST, last chunk, close",
    "R24": "Flipped bits, broken sums and lengths; nothing is searched for behind them",
    "R25": "Frames that are too large, announced and never sent",
    "R26": "Exception and error frames by every name, first, in the middle, last",
    "R27": "A 200 that is JSON, HTML, empty, or no answer",
    "R28": "Error bodies that are huge, endless, compressed, no UTF-8, HTML",
    "R29": "Unknown events, strange headers, garbage",
    "R30": "What is sent again, and what never is",
    "R31": "Waits: jitter, `Retry-After` in seconds and as a date, nonsense in it",
    "R32": "Every answer of Kiro closed, on every path",
    "R33": "Connections that Kiro closed while they were idle",
    "R35": "Clients that do not read",
    "R37": "Text to the letter, in order, however it came",
    "R38": "No call that Kiro did not make, no arguments made up",
    "R39": "One end of an answer and nothing after it",
}

_ID: Final = re.compile(r"test_(r\d+)_")


def run() -> dict[str, Any]:
    """Run tests/faults; every statement must have cases and none may fail."""
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "tests/faults", f"--junitxml={report}"]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        cases = list(ElementTree.parse(report).iter("testcase"))
    passed, failed = Counter[str](), Counter[str]()
    for case in cases:
        match = _ID.match(case.get("name", ""))
        bad = case.find("failure") is not None or case.find("error") is not None
        (failed if bad else passed)[match[1].upper() if match else "other"] += 1
    for name, words in STATEMENTS.items():
        print(f"  {name} {words}: {passed[name]} cases held, {failed[name]} failed")
    ok = not failed.total() and all(passed[name] for name in STATEMENTS)
    return {"ok": ok, "held": dict(passed), "failed": dict(failed)}
