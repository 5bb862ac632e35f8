"""Settings: one list (``network.py``, ``answers.py``), read from the command line, the environment, ``.env`` and TOML.

To add a setting, add a field with its default and help; everything else follows from it. Only ``app`` and ``commands``
may import this package: whoever needs a setting is handed its value.
"""

from gateway.settings.accounts import AccountEntry
from gateway.settings.example import example, markdown_table
from gateway.settings.loading import Loaded, Surroundings, load
from gateway.settings.problems import Problem, SettingsError
from gateway.settings.secret import Secret
from gateway.settings.table import ROWS, Row, Settings

__all__ = [
    "ROWS",
    "AccountEntry",
    "Loaded",
    "Problem",
    "Row",
    "Secret",
    "Settings",
    "SettingsError",
    "Surroundings",
    "example",
    "load",
    "markdown_table",
]
