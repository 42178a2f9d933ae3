"""A key that stands twice: YAML and JSON would drop the first without a word."""

import pytest

from chromatrack.configuration import read_yaml
from chromatrack.data.text import read_table
from chromatrack.errors import InputError
from chromatrack.files import read_json


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


def test_it_is_refused_in_json_and_in_the_head_of_a_table(tmp_path):
    path = tmp_path / "c.json"
    path.write_text('{"a": {"b": 1, "c": 2, "b": 1}}')
    with pytest.raises(InputError, match=r"c\.json: not valid JSON \(the key 'b' stands twice"):
        read_json(path)
    table = tmp_path / "t.csv"
    table.write_text("frame,left,left,more,more\n0,1,2,3,4\n")
    with pytest.raises(InputError, match=r"t\.csv: expected each column once, got 'left' twice"):
        read_table(table, ("frame", "left"))
    assert read_table(table, ("frame",))[0]["frame"] == "0", "others are not read"
