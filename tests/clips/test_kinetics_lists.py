"""Promises of clip lists: the official forms, one sentence per bad row, clips with names apart."""

import json

import pytest

from chromatrack.data.kinetics import ClipRow, count_overlaps, read_clip_list, write_clip_list
from chromatrack.errors import InputError


def entry(start, end, label="a label", subset="train"):
    """What the official JSON says of a video."""
    annotations = {"segment": [start, end]} | ({} if label is None else {"label": label})
    return {"annotations": annotations, "duration": end - start, "subset": subset,
            "url": "https://www.youtube.com/watch?v=x"}  # fmt: skip


def read(tmp_path, text, name="list.csv"):
    (tmp_path / name).write_text(text)
    rows, problems = read_clip_list(tmp_path / name)
    return rows, [problem.removeprefix(f"{tmp_path / name}: ") for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        # Kinetics-700; Kinetics-400 with is_cc; test lists without a label; another order.
        'label,youtube_id,time_start,time_end,split\n"a, ""b""",-abc,3,13,train\n',
        'label,youtube_id,time_start,time_end,split,is_cc\r\n"a, ""b""",-abc,3,13,train,0\r\n',
        'is_cc,split,time_end,time_start,youtube_id,label\n0,train,13.0,3.0,-abc,"a, ""b"""\n',
        '\ufeff"label","youtube_id","time_start","time_end","split"\n"a, ""b""",-abc,3,13,train',
        json.dumps({"-abc": entry(3.0, 13.0, 'a, "b"')}),
        "\n " + json.dumps({"-abc": entry(3, 13, 'a, "b"')}, indent=4) + "\n",
    ],
)
def test_all_official_forms_say_the_same(tmp_path, text):
    row = ClipRow('a, "b"', "-abc", 3.0, 13.0, "train")
    # By content and not by name: people rename files.
    for name in ("list.csv", "list.json"):
        assert read(tmp_path, text, name) == ([row], [])


def test_test_lists_hold_no_label(tmp_path):
    row = ClipRow("", "-abc", 3.0, 13.0, "test")
    assert read(tmp_path, "youtube_id,time_start,time_end,split\n-abc,3,13,test\n") == ([row], [])
    assert read(tmp_path, json.dumps({"-abc": entry(3, 13, None, "test")})) == ([row], [])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (entry(13, 3), "time_end: expected more than time_start (13), got 3"),
        (entry(-1, 3), "time_start: expected seconds, 0 or more, got -1"),
        (entry(0, 10**400), "time_end: expected seconds"),
        (entry(3, 13, label=["a"]), "label and subset: expected texts"),
        ({"annotations": {"segment": [1]}}, "expected {"),
        ({"annotations": {"segment": None}}, "expected {"),
        ({"annotations": {"segment": ["a", "b"]}}, "time_start: expected seconds"),
        (entry(True, 10), "time_start: expected seconds"),
        ({"annotations": {"segment": "12"}}, "expected {"),
        ({"annotations": {"segment": {"1": 0, "5": 0}}}, "expected {"),
        ({"annotations": []}, "expected {"),
        ({}, "expected {"),
        (None, "expected {"),
        ([1, 2], "expected {"),
    ],
)
def test_a_bad_row_of_a_json_is_reported_by_its_key_and_stops_nothing(tmp_path, value, problem):
    text = json.dumps({"first": entry(0, 10), "-bad": value, "last": entry(0, 10)})
    rows, problems = read(tmp_path, text)
    assert [row.youtube_id for row in rows] == ["first", "last"]
    assert len(problems) == 1
    assert problems[0].startswith(f"key '-bad': {problem}")


def test_a_label_with_a_line_break_is_no_clip_of_its_second_half(tmp_path):
    text = 'label,youtube_id,time_start,time_end,split\n"a\nb",-abc,0,10,x\n"c, d",last,0,10,x\n'
    rows, problems = read(tmp_path, text)
    assert rows == [ClipRow("c, d", "last", 0.0, 10.0, "x")]
    assert [problem.split(": ")[-1] for problem in problems] == [
        "expected quotes in pairs; labels stand on one line"
    ] * 2


def test_an_id_is_a_name_and_no_path(tmp_path):
    for bad in ("../../etc/passwd", "", "a b", "$(reboot)", "x" * 65, "a\0b"):
        rows, problems = read(tmp_path, json.dumps({bad: entry(0, 10), "last": entry(0, 10)}))
        assert [row.youtube_id for row in rows] == ["last"]
        assert "youtube_id: expected 1 to 64 letters" in problems[0]


@pytest.mark.parametrize(
    "text",
    ['{"a": ', '{"a": {}} x', '{"a" {}}', '{"a": {} "b": {}}', "{1: {}}", "{", "{{}: 1}",
     '{"a": ' + "[" * 100_000, '{"a": ' + "1" * 5000 + "}"],
)  # fmt: skip
def test_what_is_no_json_names_the_file(tmp_path, text):
    with pytest.raises(InputError, match=r"list\.csv: .*not valid JSON") as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_repeated_row_counts_once_and_is_reported(tmp_path):
    rows, problems = read(
        tmp_path,
        "label,youtube_id,time_start,time_end\nfirst,abc,0,10\nsecond,abc,0.0,10.0\n"
        "third,abc,5,15\nfirst,abc,0,10\n",
    )
    assert [row.label for row in rows] == ["first", "third"]
    said = "the clip abc_000000_000010 is listed twice; the first row counts"
    assert problems == [f"line 3: {said}", f"line 5: {said}"]
    same = json.dumps(entry(0, 10))
    text = '{"abc": ' + same + ', "abc": ' + same + "}"
    assert read(tmp_path, text)[1] == [f"key 'abc': {said}"]


def test_windows_in_the_same_seconds_have_names_apart(tmp_path):
    times = [(0, 10), (0.5, 10), (0, 10.25), (0.5, 10.25), (0.501, 10.25), (5, 10), (0.5, 1)]
    rows = [ClipRow("", "a-b_c", float(start), float(end), "") for start, end in times]
    names = [row.clip_id for row in rows]
    assert len(set(names)) == len(names)
    assert names[0] == "a-b_c_000000_000010"
    assert names[3] == "a-b_c_000000500ms_000010250ms"
    write_clip_list(tmp_path / "list.csv", rows)
    assert read_clip_list(tmp_path / "list.csv") == (rows, [])


def test_overlapping_windows_are_kept_and_counted():
    def windows(*times, name="abc"):
        return [ClipRow("", name, float(start), float(end), "") for start, end in times]

    assert count_overlaps(windows((0, 10), (10, 20), (20, 30))) == 0
    assert count_overlaps(windows((5, 15), (0, 10), (30, 40))) == 2
    assert count_overlaps(windows((0, 100), (1, 2), (3, 4), (99, 101), (101, 102))) == 4
    assert count_overlaps(windows((0, 10)) + windows((0, 10), name="other")) == 0


@pytest.mark.real_data
def test_the_real_validation_list_has_no_bad_row(real_data):
    rows, problems = read_clip_list(real_data / "kinetics" / "kinetics700_validate.csv")
    assert (len(rows), problems) == (33_909, [])
    assert len({row.label for row in rows}) == 700
    assert len({row.clip_id for row in rows}) == 33_909


def test_bytes_that_are_no_text_cost_their_row(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(
        b"label,youtube_id,time_start,time_end\ngood,aaaaaaaaaaa,0,10\ncaf\xe9,bbbbbbbbbbb,0,10\n"
        b"nul\0,ccccccccccc,0,10\nodd,ddddddddddd,1_0,20\nalso good,eeeeeeeeeee,0,10\n"
    )
    rows, problems = read_clip_list(path)
    assert [row.label for row in rows] == ["good", "also good"]
    assert [problem.split(": ")[1] for problem in problems] == ["line 3", "line 4", "line 5"]
    assert "expected UTF-8 text" in problems[0]
    (tmp_path / "list.json").write_text('[{"youtube_id": "aaaaaaaaaaa"}]')
    with pytest.raises(InputError, match="expected a JSON object of youtube_ids, got a JSON list"):
        read_clip_list(tmp_path / "list.json")
