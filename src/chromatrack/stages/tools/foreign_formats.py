"""How others keep and use the weights that they publish: prefixes, layer, padding, input.

Each row is read off the project's own code. The ResNets have strides of 1, 2, 1, 1 here, as their
authors set them to compare frames: 8 in all, and 4 without the pooling.
"""

from __future__ import annotations

from dataclasses import dataclass

from chromatrack.models.inputs import InputScaling
from chromatrack.stages.tools.foreign_names import RESIDUAL, RESNET, TRANSFORMER, Family

WRAPPERS = (
    "state_dict", "model", "model_state_dict", "model_state", "net", "network", "weights",
    "teacher", "model_ema", "ema", "ema_state_dict", "state_dict_ema",
)  # fmt: skip
"""Keys under which training scripts keep the weights, beside the optimizer and the like; the first
that is there counts. Of DINO's two networks its own evaluation takes the teacher."""

BEFORE = ("module.", "model.", "net.", "network.", "_orig_mod.")
"""What all names may begin with: put there by DataParallel, Lightning, a class around the network,
torch.compile."""

IMAGENET = InputScaling(
    grey="rgb_normalized",
    grey_channels=3,
    rgb_mean=(0.485, 0.456, 0.406),
    rgb_std=(0.229, 0.224, 0.225),
)
# 8-bit L less 128 over 128, then plus 1 over 2, is L / 256: L / 255 with both a little larger.
UVC = InputScaling(
    grey="lab_l_thrice",
    grey_channels=3,
    rgb_mean=tuple(value * 256 / 255 for value in IMAGENET.rgb_mean),
    rgb_std=tuple(value * 256 / 255 for value in IMAGENET.rgb_std),
)
# MAST takes (L - 50) / 50, a / 127 and b / 127 of Lab in real numbers; in 8 bits, L has 255 for
# 100, a and b begin at 128.
MAST = InputScaling(
    grey="lab",
    grey_channels=3,
    ab_mean=(128 / 255, 128 / 255),
    ab_std=(127 / 255, 127 / 255),
)
CORRFLOW = InputScaling(
    grey="rgb_normalized", grey_channels=3, rgb_mean=(0.0,) * 3, rgb_std=(1.0,) * 3
)


@dataclass(frozen=True)
class Foreign:
    """Weights of one origin.

    Attributes:
        prefix: before the names of the family.
        family: how the parts are named.
        layer: where its authors take the features.
        padding: of its convolutions.
        input: key of `models.build.INPUT_CHANNELS`.
        scaling: of the pixels.
        inflated: kernels have an axis of time, of length 1.
    """

    prefix: str
    family: Family = RESNET
    layer: str = "layer3"
    padding: str = "zeros"
    input: str = "rgb"
    scaling: InputScaling = IMAGENET
    inflated: bool = False


FORMATS = {
    "torchvision": Foreign(""),
    "moco": Foreign("encoder_q."),  # facebookresearch/moco
    "timecycle": Foreign("encoderVideo.", inflated=True),  # xiaolonw/TimeCycle
    "crw": Foreign("encoder.model.", padding="reflect"),  # ajabri/videowalk
    "vfs": Foreign("backbone."),  # xvjiarui/VFS
    "dul": Foreign("fast_net.backbone.", layer="layer4"),  # visinf/dense-ulearn-vos
    "uvc": Foreign(  # Liusifei/UVC
        "gray_encoder.", layer="layer4", input="luma_thrice", scaling=UVC
    ),
    "dino": Foreign("", family=TRANSFORMER, layer="layer4"),  # facebookresearch/dino
    "dino-training": Foreign("backbone.", family=TRANSFORMER, layer="layer4"),  # with its heads
    "mast": Foreign(  # zlai0/MAST
        "", family=RESIDUAL, layer="layer4", input="lab", scaling=MAST
    ),
    "corrflow": Foreign("", family=RESIDUAL, layer="layer4", scaling=CORRFLOW),  # zlai0/CorrFlow
}
