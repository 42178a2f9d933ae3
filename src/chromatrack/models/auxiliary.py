"""The second branch: a network of any training, as a siamese branch beside SiamFC (thesis 4.2)."""

from __future__ import annotations

from torch import Tensor, nn

from chromatrack.models.colorizer import Colorizer
from chromatrack.models.siamfc import RESPONSE_SCALE, SiamFC, cross_correlate
from chromatrack.patches import EXEMPLAR_SIZE, STRIDE

DEPTHS = {"layer2": 2, "layer3": 3, "layer4": 4, "head": 4}
"""Layer that is correlated -> how far the trunk is run. The layers of the AlexNet that stand for
them are conv3, conv4 and conv5."""


class AuxiliaryBranch(nn.Module):
    """A trunk, up to one of its layers, that embeds exemplar and search patches.

    Args:
        trunk: of `models/trunks/`, or SiamFC's.
        head: the head of the colorization network, on one frame; None correlates the trunk's layer.
        depth: of the layer, 2 to 4.
        cropped: keep the cells alone that see no padding, which would tell where they are.
        probe: put a 1x1 convolution on top, the one part that is trained (as VFS probes frozen
            trunks); it starts as the identity.

    Raises:
        ValueError: the trunk has no such layer, or no cell is left of an exemplar of 127 pixels.
    """

    def __init__(
        self,
        *,
        trunk: nn.Module,
        head: nn.Module | None = None,
        depth: int = 4,
        cropped: bool = False,
        probe: bool = False,
    ):
        super().__init__()
        ends = len(trunk.channels)
        if depth > ends and head is None:
            raise ValueError(
                f"layer: layer{depth}: the trunk ends at layer{ends}; expected a layer up to it"
            )
        if cropped and head is not None:
            raise ValueError("border: cropped: every cell of the head sees padding")
        if cropped and not trunk.unpadded(depth, EXEMPLAR_SIZE):
            raise ValueError(
                f"border: cropped: a cell of layer{depth} sees {trunk.sees(depth)} px of an "
                f"exemplar of {EXEMPLAR_SIZE} px, so that none sees no padding; expected a lower "
                "layer, or border: padded"
            )
        self.trunk, self.head = trunk, head
        self.depth, self.cropped = depth, cropped
        self.probe = None
        if probe:
            channels = trunk.out_channels if depth == 4 else trunk.channels[depth - 1]
            self.probe = nn.Conv2d(channels, channels, 1)
            nn.init.dirac_(self.probe.weight)
            nn.init.zeros_(self.probe.bias)
            self.trunk.requires_grad_(False)

    @classmethod
    def of(
        cls, network: Colorizer | SiamFC, *, layer: str, border: str, probe: bool
    ) -> AuxiliaryBranch:
        """The branch that a trained network gives."""
        if layer not in DEPTHS or border not in ("padded", "cropped"):
            raise ValueError(f"auxiliary: got layer {layer!r} and border {border!r}")
        colours = isinstance(network, Colorizer)
        if layer == "head" and not colours:
            raise ValueError("layer: head: SiamFC has none; expected layer2, layer3 or layer4")
        if layer == "head" and isinstance(network.head, nn.Identity):
            raise ValueError("layer: head: the network has none; expected a layer of its trunk")
        if layer == "head" and probe:
            raise ValueError("probe: is put on a layer of the trunk; expected layer2 to layer4")
        return cls(
            trunk=network.trunk if colours else network.backbone,
            head=network.head if layer == "head" else None,
            depth=DEPTHS[layer],
            cropped=border == "cropped",
            probe=probe,
        )

    def train(self, mode: bool = True) -> AuxiliaryBranch:
        """A frozen trunk keeps its statistics, too."""
        super().train(mode)
        if self.probe is not None:
            self.trunk.eval()
        return self

    def embed(self, patch: Tensor) -> Tensor:
        """(B, channels, S, S) normalised patches -> (B, C, s, s), a cell per `STRIDE` pixels."""
        features = self.trunk(patch) if self.depth == 4 else self.trunk.features(patch, self.depth)
        if self.head is not None:
            features = self.head(features[:, None])[:, 0]
        every = STRIDE // self.trunk.stride
        if self.cropped or every > 1:
            cells = range(features.shape[-1])
            if self.cropped:
                cells = self.trunk.unpadded(self.depth, patch.shape[-1])
            inside = slice(-(-cells.start // every) * every, cells.stop, every)
            features = features[..., inside, inside]
        return features if self.probe is None else self.probe(features)

    def respond(self, exemplar: Tensor, search: Tensor) -> Tensor:
        """Embeddings (N, C, s, s) and (M, C, S, S) -> score maps (M, 1, S - s + 1, S - s + 1)."""
        return cross_correlate(exemplar, search) * RESPONSE_SCALE
