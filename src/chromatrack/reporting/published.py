"""The numbers of the thesis, for comparison beside ours; never mixed into our own tables."""

from __future__ import annotations

from dataclasses import dataclass

BENCHMARK = "otb"
"""The benchmark that the thesis's tables are about."""

BASELINE_SUCCESS = 0.584
"""The author's SiamFC, success AUC on OTB2015 (5.2.2)."""

OTB2015_SUCCESS: dict[str, dict[float, float]] = {
    "1": {0.0: 0.579, 0.1: 0.589, 1.0: 0.326},
    "2": {0.3: 0.590, 0.4: 0.585, 0.5: 0.587, 0.6: 0.604, 1.0: 0.318},
    "3": {0.4: 0.597, 0.6: 0.596, 1.0: 0.233},
    "4": {0.1: 0.591, 1.0: 0.464},
    "5": {0.3: 0.586, 0.4: 0.600, 0.5: 0.588, 0.6: 0.610, 0.7: 0.597},
}
"""Success AUC by experiment and alpha (5.4.1 to 5.4.6, Tables 5.3 to 5.6)."""

ATTRIBUTES = {
    "IV": "illumination variation",
    "SV": "scale variation",
    "OCC": "occlusion",
    "DEF": "deformation",
    "MB": "motion blur",
    "FM": "fast motion",
    "IPR": "in-plane rotation",
    "OPR": "out-of-plane rotation",
    "OV": "out of view",
    "BC": "background clutter",
    "LR": "low resolution",
}
"""In the order of Tables 5.1 and 5.7 (eleven, where the text says nine)."""


def _row(*values: float) -> dict[str, float]:
    return dict(zip(ATTRIBUTES, values, strict=True))


ATTRIBUTE_SUCCESS: dict[str, tuple[float, float, dict[str, float]]] = {
    "baseline": (
        0.0, 0.589, _row(.559, .555, .549, .542, .593, .583, .590, .575, .491, .503, .523),
    ),
    "1": (0.1, 0.589, _row(.555, .553, .551, .552, .578, .581, .566, .564, .491, .531, .466)),
    "2": (0.6, 0.604, _row(.577, .576, .567, .558, .605, .588, .588, .584, .524, .555, .569)),
    "3": (0.4, 0.597, _row(.574, .571, .553, .567, .608, .585, .589, .580, .496, .558, .540)),
    "4": (0.1, 0.591, _row(.571, .557, .544, .545, .587, .584, .568, .558, .474, .522, .482)),
    "5": (0.6, 0.610, _row(.593, .588, .571, .567, .622, .593, .591, .589, .527, .560, .606)),
}  # fmt: skip
"""Table 5.7: alpha, success AUC on all sequences, success AUC per attribute. The baseline's 0.589
stands so in the table; the text says 0.584."""

LAB_MEAN = (0.4388, 0.5171, 0.5242)
LAB_STD = (0.2242, 0.0312, 0.0416)
"""Of 8-bit Lab divided by 255, over the author's part of Kinetics-700."""


@dataclass(frozen=True)
class ScoreMap:
    """Mean and standard deviation of the score maps of one branch (eq. 4.1)."""

    branch: str
    mean: float
    std: float


SIAMFC_SCORES = ScoreMap("SiamFC", -3.13, 3.58)
COLORIZATION_SCORES = {
    "resnet18": ScoreMap("ResNet-18", 422.22, 34.37),
    "alexnet": ScoreMap("AlexNet", 1122.44, 3481.73),
}
