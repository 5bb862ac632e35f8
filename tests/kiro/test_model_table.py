"""The table of known models is consistent in itself."""

import pytest

from gateway.kiro.model_names import claude_name
from gateway.kiro.model_table import FALLBACK_NAMES, KNOWN_MODELS, SILENT_MODELS, KnownModel, known
from gateway.kiro.models import efforts_of


def test_ids_are_distinct_and_every_name_is_in_the_table() -> None:
    ids = [model.id for model in KNOWN_MODELS]
    assert len(set(ids)) == len(ids)
    assert {*FALLBACK_NAMES, *SILENT_MODELS} <= set(ids)


@pytest.mark.parametrize("model", KNOWN_MODELS, ids=lambda model: model.id)
def test_dated_spellings_lead_back_to_their_model(model: KnownModel) -> None:
    assert all(claude_name(spelling) == model.id for spelling in model.dated)


@pytest.mark.parametrize("model", KNOWN_MODELS, ids=lambda model: model.id)
def test_the_schema_of_a_row_tells_its_efforts(model: KnownModel) -> None:
    assert efforts_of(model.fields_schema()) == model.efforts


def test_an_unknown_id_has_no_row() -> None:
    assert known("claude-sonnet-9") is None
