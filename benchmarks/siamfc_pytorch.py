"""SiamFC as huanglianghua/siamfc-pytorch (3957205) tracks and trains it, restated: the rival.

The same steps in the same order with the same calls: images by OpenCV, mean colour by `np.mean`, a
padded copy of the image for each scale, AlexNet with its BatchNorm, cross-correlation as a grouped
convolution. Boxes in and out are 1-based, as there; nothing of chromatrack is used.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def _block(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers)


def _norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, eps=1e-6, momentum=0.05)


class AlexNetV1(nn.Module):
    """siamfc/backbones.py."""

    def __init__(self):
        super().__init__()
        self.conv1 = _block(
            nn.Conv2d(3, 96, 11, 2), _norm(96), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2)
        )
        self.conv2 = _block(
            nn.Conv2d(96, 256, 5, 1, groups=2), _norm(256), nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )  # fmt: skip
        self.conv3 = _block(nn.Conv2d(256, 384, 3, 1), _norm(384), nn.ReLU(inplace=True))
        self.conv4 = _block(nn.Conv2d(384, 384, 3, 1, groups=2), _norm(384), nn.ReLU(inplace=True))
        self.conv5 = _block(nn.Conv2d(384, 256, 3, 1, groups=2))

    def forward(self, x):
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            x = layer(x)
        return x


class TrackerSiamFC:
    """siamfc/siamfc.py and siamfc/ops.py."""

    def __init__(self, weights: str):
        self.backbone = AlexNetV1()
        state = torch.load(weights, map_location="cpu", weights_only=True)
        self.backbone.load_state_dict({k.removeprefix("backbone."): v for k, v in state.items()})
        self.backbone.eval()

    @torch.no_grad()
    def init(self, img, box):
        box = np.array(
            [box[1] - 1 + (box[3] - 1) / 2, box[0] - 1 + (box[2] - 1) / 2, box[3], box[2]],
            dtype=np.float32,
        )
        self.center, self.target_sz = box[:2], box[2:]
        self.upscale_sz = 16 * 17
        self.hann_window = np.outer(np.hanning(self.upscale_sz), np.hanning(self.upscale_sz))
        self.hann_window /= self.hann_window.sum()
        self.scale_factors = 1.0375 ** np.linspace(-1, 1, 3)
        context = 0.5 * np.sum(self.target_sz)
        self.z_sz = np.sqrt(np.prod(self.target_sz + context))
        self.x_sz = self.z_sz * 255 / 127
        self.avg_color = np.mean(img, axis=(0, 1))
        z = crop_and_resize(img, self.center, self.z_sz, 127, self.avg_color)
        z = torch.from_numpy(z).permute(2, 0, 1).unsqueeze(0).float()
        self.kernel = self.backbone(z)

    @torch.no_grad()
    def update(self, img):
        x = [
            crop_and_resize(img, self.center, self.x_sz * f, 255, self.avg_color)
            for f in self.scale_factors
        ]
        x = torch.from_numpy(np.stack(x, axis=0)).permute(0, 3, 1, 2).float()
        responses = xcorr(self.kernel, self.backbone(x)) * 0.001
        responses = responses.squeeze(1).cpu().numpy()
        size = (self.upscale_sz, self.upscale_sz)
        responses = np.stack(
            [cv2.resize(u, size, interpolation=cv2.INTER_CUBIC) for u in responses]
        )
        responses[:1] *= 0.9745
        responses[2:] *= 0.9745
        scale_id = np.argmax(np.amax(responses, axis=(1, 2)))
        response = responses[scale_id]
        response -= response.min()
        response /= response.sum() + 1e-16
        response = (1 - 0.176) * response + 0.176 * self.hann_window
        loc = np.unravel_index(response.argmax(), response.shape)
        disp_in_response = np.array(loc) - (self.upscale_sz - 1) / 2
        disp_in_instance = disp_in_response * 8 / 16
        disp_in_image = disp_in_instance * self.x_sz * self.scale_factors[scale_id] / 255
        self.center += disp_in_image
        scale = (1 - 0.59) * 1.0 + 0.59 * self.scale_factors[scale_id]
        self.target_sz *= scale
        self.z_sz *= scale
        self.x_sz *= scale
        return np.array(
            [
                self.center[1] + 1 - (self.target_sz[1] - 1) / 2,
                self.center[0] + 1 - (self.target_sz[0] - 1) / 2,
                self.target_sz[1],
                self.target_sz[0],
            ]
        )


class TrainerSiamFC:
    """siamfc/siamfc.py and siamfc/losses.py: a step of training, without its learning rate."""

    def __init__(self, lr: float):
        self.backbone = AlexNetV1()
        self.backbone.train()
        self.optimizer = torch.optim.SGD(
            self.backbone.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4
        )

    def train_step(self, z, x):
        """(B, 3, 127, 127) and (B, 3, 239, 239) in 0..255 -> the loss."""
        responses = xcorr(self.backbone(z), self.backbone(x)) * 0.001
        if not hasattr(self, "labels"):
            self.labels = create_labels(responses.size())
        loss = balanced_loss(responses, self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def create_labels(size):
    n, c, h, w = size
    x, y = np.meshgrid(np.arange(w) - (w - 1) / 2, np.arange(h) - (h - 1) / 2)
    # r_pos 16 and r_neg 0 px, stride 8: nothing is neither.
    labels = np.where(np.abs(x) + np.abs(y) <= 16 / 8, 1.0, 0.0)
    return torch.from_numpy(np.tile(labels, (n, c, 1, 1))).float()


def balanced_loss(responses, labels):
    positive, negative = labels == 1, labels == 0
    weight = labels.new_zeros(labels.size())
    weight[positive] = 1 / positive.sum().float()
    weight[negative] = 1 / negative.sum().float()
    weight /= weight.sum()
    return F.binary_cross_entropy_with_logits(responses, labels, weight, reduction="sum")


def read_image(path):
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def crop_and_resize(img, center, size, out_size, border_value):
    size = round(size)
    corners = np.concatenate(
        (np.round(center - (size - 1) / 2), np.round(center - (size - 1) / 2) + size)
    )
    corners = np.round(corners).astype(int)
    pads = np.concatenate((-corners[:2], corners[2:] - img.shape[:2]))
    npad = max(0, int(pads.max()))
    if npad > 0:
        img = cv2.copyMakeBorder(
            img, npad, npad, npad, npad, cv2.BORDER_CONSTANT, value=border_value
        )
    corners = (corners + npad).astype(int)
    patch = img[corners[0] : corners[2], corners[1] : corners[3]]
    return cv2.resize(patch, (out_size, out_size), interpolation=cv2.INTER_LINEAR)


def xcorr(z, x):
    nz, (nx, c, h, w) = z.size(0), x.size()
    x = x.view(-1, nz * c, h, w) if x.is_contiguous() else x.reshape(-1, nz * c, h, w)
    out = F.conv2d(x, z, groups=nz)
    return out.view(nx, -1, out.size(-2), out.size(-1))
