"""Names for requests and calls."""

import uuid

from gateway.web.ids import Ids


def test_a_uuid_is_one_of_version_4() -> None:
    ids = Ids()
    for text in (ids.uuid() for _ in range(200)):
        found = uuid.UUID(text)
        assert (str(found), found.version, found.variant) == (text, 4, uuid.RFC_4122)


def test_digits_are_as_many_as_asked_for() -> None:
    ids = Ids()
    assert {len(ids.hex(24)) for _ in range(500)} == {24}
    assert set("".join(ids.hex(24) for _ in range(50))) == set("0123456789abcdef")


def test_none_comes_twice_not_even_from_another_process() -> None:
    one, other = Ids(), Ids()
    made = [ids.hex(24) for ids in (one, other) for _ in range(1000)]
    assert len(set(made)) == 2000
