"""A key that stands twice in a configuration: YAML would drop the first without a word."""

import pytest

from chromatrack.configuration import read_yaml
from chromatrack.errors import InputError


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("siamfc: {epochs: 1}\nsiamfc: {batch_size: 4}\n", "siamfc", 2),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "b", 4),
        ("a: [{x: 1, x: 1}]\n", "x", 1),
        ("1: a\n1: b\n", 1, 2),
    ],
)
def test_it_is_refused_with_its_line(tmp_path, text, key, line):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(
        InputError, match=rf"c\.yaml: not valid YAML \(line {line}: the key {key!r} "
    ):
        read_yaml(path)


def test_the_same_key_elsewhere_and_merged_keys_are_no_second_one(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("base: &base {x: 1, y: 2}\na: {<<: *base, x: 3}\nb: {x: 4}\n")
    assert read_yaml(path)["a"] == {"x": 3, "y": 2} and read_yaml(path)["b"] == {"x": 4}
