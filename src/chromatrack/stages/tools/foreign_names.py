"""Names of the parts of public networks, and which trunk of ours they are of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Networks whose parts are named in one way.

    Attributes:
        part: the whole name of a part that a trunk has.
        begins: how the names of all its parts begin, also of those that no trunk of ours has.
        public: name in our trunk -> public name.
        trunk: public names -> the trunk they are of. What is missing, or too much, is found later.
    """

    part: re.Pattern
    begins: re.Pattern
    public: Callable[[str], str]
    trunk: Callable[[Collection[str]], str]


def _resnet_public(name: str) -> str:
    """`stages.0.1.conv1.weight`, as `models/resnet.py` has it -> `layer1.1.conv1.weight`."""
    name = re.sub(r"^stem\.([01])\.", lambda found: ("conv1.", "bn1.")[int(found[1])], name)
    return re.sub(r"^stages\.(\d)\.", lambda found: f"layer{int(found[1]) + 1}.", name)


def _resnet_trunk(names: Collection[str]) -> str:
    if any(name.startswith("layer1.0.conv3.") for name in names):
        return "torchvision_resnet50"
    longer = any(name.startswith("layer1.2.") for name in names)
    return "torchvision_resnet34" if longer else "torchvision_resnet18"


RESNET = Family(
    part=re.compile(
        r"(conv1|bn1|layer[1-4]\.\d+\.(conv[1-3]|bn[1-3]|downsample\.[01]))"
        r"\.(weight|bias|running_mean|running_var|num_batches_tracked)"
    ),
    begins=re.compile(r"(conv1|bn1|layer\d+)\."),
    public=_resnet_public,
    trunk=_resnet_trunk,
)
TRANSFORMER = Family(
    part=re.compile(
        r"cls_token|pos_embed|"
        r"(patch_embed\.proj|norm|blocks\.\d+\.(norm[12]|attn\.(qkv|proj)|mlp\.fc[12]))"
        r"\.(weight|bias)"
    ),
    begins=re.compile(r"cls_token|pos_embed|(patch_embed|norm|blocks)\."),
    public=lambda name: name,
    trunk=lambda names: "dino_vits16",
)


def _residual_public(name: str) -> str:
    """`stages.0.1.conv1.weight` -> `feature_extraction.layer1.1.left.0.weight`."""
    if name.startswith("stages.3.2."):
        return name.replace("stages.3.2.", "post_convolution.")
    name = re.sub(r"^stem\.", "conv1.", name)
    name = re.sub(r"^stages\.(\d)\.", lambda found: f"layer{int(found[1]) + 1}.", name)
    for ours, theirs in (("conv1.", 0), ("bn1.", 1), ("conv2.", 3), ("bn2.", 4)):
        name = re.sub(rf"(?<=\d\.){re.escape(ours)}", f"left.{theirs}.", name)
    return "feature_extraction." + name.replace(".downsample.", ".shortcut.")


RESIDUAL = Family(
    part=re.compile(
        r"(feature_extraction\.(conv1\.[01]|layer[1-4]\.\d+\.(left\.[0134]|shortcut\.[01]))|"
        r"post_convolution)\.(weight|bias|running_mean|running_var|num_batches_tracked)"
    ),
    begins=re.compile(r"(feature_extraction|post_convolution)\."),
    public=_residual_public,
    trunk=lambda names: "mast_resnet18",
)

_MMCV = re.compile(
    r"(?P<front>.*?)(?P<outer>conv(?P<digit>\d)|downsample)\.(?P<inner>conv|bn)\.(?P<end>\w+)"
)


def from_mmcv(name: str) -> str:
    """`layer1.0.conv1.bn.weight`, as mmcv's ConvModule has it -> `layer1.0.bn1.weight`."""
    found = _MMCV.fullmatch(name)
    if found is None:
        return name
    if found["digit"]:
        return f"{found['front']}{found['inner']}{found['digit']}.{found['end']}"
    number = ("conv", "bn").index(found["inner"])
    return f"{found['front']}downsample.{number}.{found['end']}"


def to_mmcv(name: str) -> str:
    """The other way round."""
    inner = ("conv", "bn")
    name = re.sub(r"downsample\.([01])", lambda f: f"downsample.{inner[int(f[1])]}", name)
    return re.sub(r"\b(conv|bn)(\d)\.", r"conv\2.\1.", name)
