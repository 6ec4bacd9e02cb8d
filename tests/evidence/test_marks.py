"""Which files are known: the same as a set would say, in less room."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.evidence import marks as module
from remediate.evidence.logs import marked
from remediate.evidence.marks import Marks

NUMBERS = st.integers(0, 40)


@given(st.lists(NUMBERS), NUMBERS)
def test_they_are_known_when_they_were_added(added: list[int], other: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SORTED", 4)
        marks = Marks(marked(b"%d" % n) for n in added)
        assert (marked(b"%d" % other) in marks) == (other in added)
        assert all(marked(b"%d" % n) in marks for n in added)


def test_eight_bytes_a_file() -> None:
    marks = Marks(f"{n:016x}" for n in range(module.SORTED))
    assert [(type(run), run.itemsize, len(run)) for run in marks._runs] == [(array, 8, module.SORTED)]
    assert not marks._new
    assert f"{module.SORTED - 1:016x}" in marks
    assert f"{module.SORTED:016x}" not in marks


@pytest.mark.parametrize("text", ["", "a", "0" * 17, "g" * 16])
def test_what_is_no_mark_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"mark|literal"):
        Marks([text])
