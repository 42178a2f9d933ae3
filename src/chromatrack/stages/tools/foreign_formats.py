"""How others name and use the weights that they publish: prefixes, layer, padding, input.

Each row is read off the project's own code. The strides are 1, 2, 1, 1 in all of them: 8 in all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chromatrack.models.inputs import InputScaling

WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Keys under which training scripts keep the weights, beside the optimizer and the like."""

IMAGENET = InputScaling(
    grey="rgb_normalized",
    grey_channels=3,
    rgb_mean=(0.485, 0.456, 0.406),
    rgb_std=(0.229, 0.224, 0.225),
)
# UVC: 8-bit L less 128 over 128, then plus 1 over 2: L / 256, which is L / 255 with both larger.
UVC = InputScaling(
    grey="lab_l_thrice",
    grey_channels=3,
    rgb_mean=tuple(value * 256 / 255 for value in IMAGENET.rgb_mean),
    rgb_std=tuple(value * 256 / 255 for value in IMAGENET.rgb_std),
)


@dataclass(frozen=True)
class Foreign:
    """Weights of one origin.

    Attributes:
        prefix: before the names that torchvision gives the parts of a ResNet.
        layer: where its authors take the features.
        padding: of its convolutions.
        input: key of `models.build.INPUT_CHANNELS`.
        scaling: of the pixels.
        inflated: kernels have an axis of time, of length 1.
    """

    prefix: str
    layer: str = "layer3"
    padding: str = "zeros"
    input: str = "rgb"
    scaling: InputScaling = IMAGENET
    inflated: bool = False


FORMATS = {
    "torchvision": Foreign(""),
    "moco": Foreign("encoder_q."),
    "timecycle": Foreign("encoderVideo.", inflated=True),
    "crw": Foreign("encoder.model.", padding="reflect"),
    "vfs": Foreign("backbone."),
    "dul": Foreign("fast_net.backbone.", layer="layer4"),
    "uvc": Foreign("gray_encoder.", layer="layer4", input="luma_thrice", scaling=UVC),
}

_PART = re.compile(
    r"(conv1|bn1|layer[1-4]\.\d+\.(conv[1-3]|bn[1-3]|downsample\.[01]))"
    r"\.(weight|bias|running_mean|running_var|num_batches_tracked)"
)
_MMCV = re.compile(
    r"(?P<head>.*?)(?P<conv>conv(?P<digit>\d)|downsample)\.(?P<part>conv|bn)\.(?P<end>\w+)"
)
_SPACE = re.compile(r"(conv1|bn1|layer\d+)\.")


def is_part(name: str) -> bool:
    """Whether it is a name of torchvision's ResNets, but for their classifier."""
    return _PART.fullmatch(name) is not None


def in_trunk(name: str) -> bool:
    """Whether it begins like one."""
    return _SPACE.match(name) is not None


def from_mmcv(name: str) -> str:
    """`layer1.0.conv1.bn.weight`, as mmcv's ConvModule has it -> `layer1.0.bn1.weight`."""
    found = _MMCV.fullmatch(name)
    if found is None:
        return name
    if found["conv"] == "downsample":
        return f"{found['head']}downsample.{'01'[found['part'] == 'bn']}.{found['end']}"
    return f"{found['head']}{found['part']}{found['digit']}.{found['end']}"


def to_mmcv(name: str) -> str:
    """The other way round."""
    name = re.sub(r"downsample\.([01])", lambda m: f"downsample.{('conv', 'bn')[int(m[1])]}", name)
    return re.sub(r"\b(conv|bn)(\d)\.", r"conv\2.\1.", name)


def from_trunk(name: str) -> str:
    """`stages.0.1.conv1.weight`, as `models/resnet.py` has it -> `layer1.1.conv1.weight`."""
    name = re.sub(r"^stem\.([01])\.", lambda m: ("conv1.", "bn1.")[int(m[1])], name)
    return re.sub(r"^stages\.(\d)\.", lambda m: f"layer{int(m[1]) + 1}.", name)
