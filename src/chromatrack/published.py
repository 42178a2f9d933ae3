"""The numbers of the thesis, each said once: printed beside ours, never mixed into them."""

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
ATTRIBUTES_MEAN = "; ".join(f"{key} {meaning}" for key, meaning in ATTRIBUTES.items())
"""The same as part of a sentence."""


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

LAB = {"mean": [0.4388, 0.5171, 0.5242], "std": [0.2242, 0.0312, 0.0416]}
"""Mean and standard deviation of L, a, b over the author's part of Kinetics-700 (5.3.1): 8-bit Lab
divided by 255."""

SCORE_MAPS = {
    "siamfc": {"mean": -3.13, "std": 3.58},
    "resnet18": {"mean": 422.22, "std": 34.37},
    "alexnet": {"mean": 1122.44, "std": 3481.73},
}
"""Mean and standard deviation of the score maps of SiamFC, and of the auxiliary branch by its trunk
(eq. 4.1; 5.4.1, 5.4.4)."""

EXPERIMENTS = {
    "1": "test only, resnet18, pretrained",
    "2": "fine-tuned, resnet18, pretrained",
    "3": "fine-tuned, resnet18, random",
    "4": "test only, alexnet, pretrained",
    "5": "fine-tuned, alexnet, pretrained",
}
"""What the experiments of 5.4 are, in the words of a manifest."""

_POOL = ("MPOOL", "3×3", 2, 0)
ALEXNET_ORIGINAL = (
    ("CONV", "11×11", 4, 0, "55×55×96"),
    (*_POOL, "27×27×96"),
    ("CONV", "5×5", 1, 2, "27×27×256"),
    (*_POOL, "13×13×256"),
    ("CONV", "3×3", 1, 1, "13×13×384"),
    ("CONV", "3×3", 1, 1, "13×13×384"),
    ("CONV", "3×3", 1, 1, "13×13×384"),
    (*_POOL, "6×6×256"),
)
"""Table 3.1: type, kernel, stride, padding, output, as printed."""
ALEXNET_MODIFIED = (
    ("CONV", "11×11", 2, 0, "59×59×96", "123×123×96"),
    (*_POOL, "29×29×96", "61×61×96"),
    ("CONV", "5×5", 1, 0, "25×25×256", "57×57×256"),
    (*_POOL, "12×12×256", "28×28×256"),
    ("CONV", "3×3", 1, 0, "10×10×192", "26×26×192"),
    ("CONV", "3×3", 1, 0, "8×8×192", "24×24×192"),
    ("CONV", "3×3", 1, 0, "6×6×128", "22×22×128"),
    ("removed", None, None, None, None, None),
)
"""Table 3.1: the same, with outputs under the headings Search and Exemplar, which are swapped."""


def _pairs(dilations: tuple[int, ...], last: int) -> tuple[tuple, ...]:
    """Pairs of a spatial and a temporal filter; the last one has `last` filters."""
    pairs = []
    for d in dilations:
        pairs.append(("Convolutional", "1×3×3", 256, 1, "1×1×1"))
        pairs.append(("Convolutional", "3×1×1", 256, 1, f"1×{d}×{d}"))
    pairs[-1] = (*pairs[-1][:2], last, *pairs[-1][3:])
    return tuple(pairs)


COLORIZATION_LAYERS = {
    "ResNet-18": (
        ("Convolutional", "7×7", 64, 2, "1×1"),
        ("MaxPool", "3×3", None, 2, "1×1"),
        ("Residual", "3×3", 64, 2, "1×1"),
        ("Residual", "3×3", 128, 1, "1×1"),
        ("Residual", "3×3", 256, 1, "1×1"),
        ("Residual", "3×3", 256, 1, "1×1"),
    ),
    "3D convolutional network": _pairs((1, 2, 4, 8, 16, 1), last=64),
}
"""Table 3.3: filter type, size, number, stride and dilation, as printed."""

DAVIS_SET = "DAVIS-2017 val"


@dataclass(frozen=True)
class Segmentation:
    """A row of Table 5.2.

    Attributes:
        method, backbone: as printed.
        source: whose the numbers are, as tables say it: "thesis", or "published" by others.
        region, contour, mean: J, F and their mean, in percent.
    """

    method: str
    backbone: str
    source: str
    region: float
    contour: float
    mean: float


SEGMENTATION = {
    "ResNet-18 (thesis)": Segmentation(
        "Our implementation - 1", "ResNet-18 + 5 layer 3D Conv", "thesis", 29.48, 22.93, 26.21
    ),
    "AlexNet (thesis)": Segmentation(
        "Our implementation - 2", "AlexNet + 5 layer 3D Conv", "thesis", 26.95, 20.90, 23.93
    ),
    "ResNet-18 (original work)": Segmentation(
        "Original work", "ResNet-18 + 5 layer 3D Conv", "published", 34.60, 32.70, 33.65
    ),
    "OSVOS, supervised": Segmentation("OSVOS", "VGG", "published", 45.60, 52.50, 49.00),
}
"""Title on the page -> the row of Table 5.2, on `DAVIS_SET`."""

ARCHITECTURES = {
    "SiamFC": "AlexNet",
    "SiamMask": "ResNet-50",
    "SiamRPN": "AlexNet",
    "SiamRPN++": "ResNet-50",
    "CycleSiam": "ResNet-50",
    "CycleSiam+": "ResNet-50",
}
COMBINED = "Combined Method (Ours)"
COMBINED_ARCHITECTURES = (
    "AlexNet + ResNet-18 & 5 Layer 3DConv",
    "AlexNet + Modified AlexNet & 5 Layer 3DConv",
)
"""Table 5.8."""

TRAINING_DATA = {
    "SiamFC": "ILSVRC15",
    "SiamRPN": "ILSVRC15, YouTube-BB",
    "SiamRPN++": "ILSVRC15, COCO, YouTube-BB",
    "SiamMask": "ILSVRC15, COCO, YouTube-VOS",
    "CycleSiam": "ILSVRC15",
    "CycleSiam+": "ILSVRC15",
    "experiment 1": "Kinetics-700",
    "experiment 2": "Kinetics-700, GOT-10k",
    "experiment 3": "GOT-10k",
    "experiment 4": "Kinetics-700",
    "experiment 5": "Kinetics-700, GOT-10k",
}
"""Tables 5.9 to 5.11."""

OTB2015_OTHERS = {"SiamRPN": 0.636, "SiamRPN++": 0.696}
"""Table 5.9: success AUC of trackers of others."""

VOT_ACCURACY = {
    "VOT2016": {
        "SiamFC": 0.535, "experiment 1, α = 0.0": 0.504, "experiment 1, α = 1.0": 0.471,
        "experiment 2, α = 0.6": 0.543, "experiment 3, α = 0.7": 0.539,
        "experiment 4, α = 0.0": 0.502, "experiment 4, α = 1.0": 0.510,
        "experiment 5, α = 0.7": 0.541,
    },
    "VOT2018": {
        "SiamFC": 0.498, "experiment 1, α = 0.0": 0.4913, "experiment 1, α = 1.0": 0.4264,
        "experiment 2, α = 0.2": 0.5029, "experiment 3, α = 0.6": 0.5106,
        "experiment 4, α = 0.0": 0.4906, "experiment 4, α = 1.0": 0.4667,
        "experiment 5, α = 0.3": 0.5062,
    },
}  # fmt: skip
"""Tables 5.10 and 5.11: accuracy by the rules of a year."""

VOT_ACCURACY_OTHERS = {
    "VOT2016": {"SiamRPN": 0.560, "SiamMask": 0.609, "CycleSiam": 0.603, "CycleSiam+": 0.601},
    "VOT2018": {"SiamRPN": 0.49, "SiamMask": 0.609, "CycleSiam": 0.562, "CycleSiam+": 0.549},
}
"""The same tables: accuracy of trackers of others."""

PRINTING_ERRORS = {
    "5.4": "The thesis's text refers to its Table 5.5 where this one, 5.4, is meant.",
    "5.6": "The thesis prints +0.34 % for 0.588, which is +0.68 %.",
    "5.7": "The thesis's table has 0.589 for the baseline where its text says 0.584; it is said to "
    "have nine attributes and has eleven.",
    "5.9": "SiamFC's 0.584 is the author's own run, and not the paper's.",
}
"""What a reader of a table has to know of how it was printed."""
