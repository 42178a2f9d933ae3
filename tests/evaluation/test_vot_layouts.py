"""VOT: folders of its challenges, old and new."""

import numpy as np
import pytest

from chromatrack.data import vot
from chromatrack.errors import InputError
from tests.evaluation.vot_scenes import write_scene


def test_regions_that_are_rectangles_stay_rectangles(tmp_path):
    write_scene(tmp_path)
    turns, short = vot.read_sequences(tmp_path)
    assert turns.polygons.shape == (130, 8) and vot.regions(turns).shape == (130, 8)
    assert short.polygons is None
    np.testing.assert_allclose(vot.regions(short)[3], [*turns.polygons[3, :2], 36.4, 29.6])


# Layouts of the challenges


@pytest.mark.parametrize("place", ["beside", "imgs", "img", "color"])
def test_older_challenges_keep_frames_elsewhere_and_have_no_list(tmp_path, place):
    """VOT2015: frames beside groundtruth.txt, no file `sequence`, no list.txt."""
    write_scene(tmp_path / "new", frames=25)
    write_scene(tmp_path / "old", frames=25)
    for name in ("turns", "short"):
        folder = tmp_path / "old" / name
        (folder / "sequence").unlink()
        if place == "beside":
            for frame in (folder / "color").iterdir():
                frame.rename(folder / frame.name)
            (folder / "color").rmdir()
        else:
            (folder / "color").rename(folder / place)
    (tmp_path / "old" / "list.txt").unlink()
    old, new = (
        {one.name: one for one in vot.read_sequences(tmp_path / which)} for which in ("old", "new")
    )
    assert list(old) == ["short", "turns"] and set(old) == set(new)
    for name, sequence in old.items():
        np.testing.assert_array_equal(vot.regions(sequence), vot.regions(new[name]))
        assert [p.name for p in sequence.frames] == [p.name for p in new[name].frames]
    (tmp_path / "names.txt").write_text("short\n")
    (one,) = vot.read_sequences(tmp_path / "old", names=tmp_path / "names.txt")
    assert one.name == "short"


def test_a_folder_without_sequences_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no such folder of VOT sequences"):
        vot.read_sequences(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"expected list\.txt, or folders with groundtruth\.txt"):
        vot.read_sequences(tmp_path / "empty")
