"""Weights with the names and shapes that other projects publish, and their forward passes."""

import argparse
from collections import Counter, OrderedDict

import numpy as np
import torch
import torchvision
from torch import nn

from chromatrack.checkpoints import load_checkpoint
from chromatrack.stages.tools.foreign_weights import import_weights

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def public(depth, seed=0):
    """A network of torchvision with weights that training could have left."""
    torch.manual_seed(seed)
    network = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.3)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.normal_(part.weight, mean=0.7, std=0.1)
            nn.init.normal_(part.bias, std=0.2)
    return network.eval()


def forward(network, x, *, layer, padding="zeros"):
    """What its authors compute: layer3 and layer4 with stride 1, up to a layer."""
    for stage in (network.layer3, network.layer4):
        for part in stage.modules():
            if isinstance(part, nn.Conv2d):
                part.stride = (1, 1)
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and sum(part.padding):
            part.padding_mode = padding
    with torch.inference_mode():
        x = network.maxpool(network.relu(network.bn1(network.conv1(x))))
        for name in ("layer1", "layer2", "layer3", "layer4")[: int(layer[-1])]:
            x = getattr(network, name)(x)
    return x


def behind(prefix, state, less=()):
    return OrderedDict(
        (prefix + name, value)
        for name, value in state.items()
        if not name.startswith(("fc", *less))
    )


def mmcv(state):
    """Names of mmcv's ConvModule, in which a convolution and its normalisation are one part."""
    renamed = OrderedDict()
    for name, value in state.items():
        *front, part, end = name.split(".")
        if front[-1:] == ["downsample"]:
            front, part = [*front], {"0": "conv", "1": "bn"}[part]
        else:
            front, part = [*front, f"conv{part[-1]}"], part[:-1]
        renamed[".".join((*front, part, end))] = value
    return renamed


def torchvision_file(network):
    return network.state_dict()


def moco_file(network):
    """MoCo v2: two encoders with heads of two layers, and a queue, in DistributedDataParallel."""
    state = behind("module.encoder_q.", network.state_dict())
    state |= behind("module.encoder_k.", public(50, seed=1).state_dict())
    state |= {"module.encoder_q.fc.0.weight": torch.ones(8, 8), "module.queue": torch.ones(8, 16),
              "module.queue_ptr": torch.zeros(1, dtype=torch.long)}  # fmt: skip
    return {"epoch": 200, "arch": "resnet50", "state_dict": state, "optimizer": {"state": {}}}


def timecycle_file(network):
    """Kernels have an axis of time; a 1x1x1 convolution comes after."""
    state = behind("module.encoderVideo.", network.state_dict())
    state = {name: value[:, :, None] if value.ndim == 4 else value for name, value in state.items()}
    return {"state_dict": state | {"module.afterconv1.weight": torch.ones(8, 1024, 1, 1, 1)}}


def crw_file(network):
    """With the arguments and the schedule that its train.py stores."""
    state = behind("encoder.model.", network.state_dict())
    state |= {"selfsim_fc.0.weight": torch.ones(128, 512), "selfsim_fc.0.bias": torch.ones(128)}
    return {"model": state, "args": argparse.Namespace(temp=0.05), "epoch": 24,
            "lr_scheduler": {"milestones": Counter([20])}}  # fmt: skip


def vfs_file(network):
    state = behind("backbone.", mmcv(behind("", network.state_dict())))
    state |= {"img_head.projection_fcs.0.conv.weight": torch.ones(8, 8, 1, 1)}
    return {"meta": {"epoch": 100, "time": "now"}, "state_dict": state}


def dul_file(network):
    state = behind("module.fast_net.backbone.", network.state_dict())
    state |= {"module.fast_net.emb_q.conv1.weight": torch.ones(8, 8, 1, 1)}
    return {"model": state, "epoch": 60, "score": np.float64(0.69)}


def uvc_file(network):
    state = behind("module.gray_encoder.", network.state_dict())
    state |= {"module.rgb_encoder.conv1.weight": torch.ones(3, 3, 1, 1),
              "module.normalize.mean": torch.ones(3)}  # fmt: skip
    return {"epoch": 20, "state_dict": state, "best_loss": np.float32(0.1)}


def saved(path, content):
    torch.save(content, path)
    return path


def imported(tmp_path, content, kind="auto", **options):
    import_weights(kind, saved(tmp_path / "public.pth", content), tmp_path / "own.pt", **options)
    return load_checkpoint(tmp_path / "own.pt")


def image(side=127):
    return np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
