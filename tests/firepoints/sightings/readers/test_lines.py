"""Lines of a file as a column: copied at once or one by one, they are the same."""

import numpy as np
import pyarrow as pa
import pytest

from firepoints.sightings.readers.lines import Lines


@pytest.mark.parametrize("data", [b"a\nbb\n", b"a\r\r\n\r\n\nbb\r\n", "中,文\n,\n末".encode(), b"\n", b""])
def test_lines_copied_at_once_are_those_copied_one_by_one(data):
    lines = Lines.split(data)
    every = lines.at(np.arange(len(lines)))
    assert every.cast(pa.large_string()).to_pylist() == every.to_pylist()
    backwards = every.take(np.arange(len(lines))[::-1].copy())
    assert backwards.cast(pa.large_string()).to_pylist() == every.to_pylist()[::-1]
