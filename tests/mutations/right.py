"""What right data are, whatever was damaged: asserted of everything that a reader accepts."""

import numpy as np


def sequences(found, *, absent=False):
    """Boxes are numbers and one for each frame; NaN only where the target is not visible."""
    for one in found:
        assert isinstance(one.name, str) and one.name
        assert one.boxes_ltwh.shape == (len(one.frames), 4) and one.boxes_ltwh.dtype == np.float64
        told = np.isfinite(one.boxes_ltwh).all(axis=1)
        if absent and one.visible is not None:
            assert not (one.visible & ~told).any()
            told = told | ~one.visible
        assert told.all(), "a box is no number"
        assert (one.boxes_ltwh[np.isfinite(one.boxes_ltwh).all(axis=1), 2:] >= 0).all()
        if one.polygons is not None:
            assert one.polygons.shape == (len(one.frames), 8)
            assert np.isfinite(one.polygons).all()
    return found


def numbers(values, shape=None):
    """Finite, and of that shape (-1: any length)."""
    values = np.asarray(values)
    assert values.dtype.kind in "iuf" and np.isfinite(values).all()
    if shape is not None:
        assert len(values.shape) == len(shape)
        assert all(w in (-1, g) for w, g in zip(shape, values.shape, strict=True))
    return values


def is_finite(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308


def of_types(value, kind):
    """The fields of a dataclass hold what their annotations say."""
    types = {"str": str, "int": int, "float": int | float, "bool": bool}
    for name, told in kind.__annotations__.items():
        wanted = types.get(told if isinstance(told, str) else told.__name__)
        if wanted is None:
            continue
        given = getattr(value, name)
        assert isinstance(given, wanted), f"{name}: {given!r}"
        assert not (isinstance(given, bool) and told in ("int", "float")), f"{name}: {given!r}"
        assert not (isinstance(given, float) and not np.isfinite(given)), f"{name}: {given!r}"
