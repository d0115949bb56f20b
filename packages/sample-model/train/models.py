"""The two networks, and how they become ONNX files.

Both map float32 [N, 1, 28, 28] to logits [N, 10].
"""
from pathlib import Path

import torch
from torch import nn


def small_mlp() -> nn.Module:
    """Version 1.0.0: one hidden layer of 32 units, simple on purpose."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(28 * 28, 32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )


def conv(inputs: int, outputs: int) -> nn.Module:
    """A 3x3 convolution that keeps the image's size, batch norm and ReLU.

    The convolution has no bias because batch norm adds one. Both are linear
    once trained, so the ONNX export folds batch norm into the convolution.
    """
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Residual(nn.Module):
    """Adds to its input what a convolution makes of it: x + f(x)."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = conv(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def small_cnn() -> nn.Module:
    """Version 2.0.0: five convolutions, few channels where the image is large.

    Comments give the shape after each step as channels x height x width.
    """
    return nn.Sequential(
        conv(1, 16),               # 16 x 28 x 28
        nn.MaxPool2d(2),           # 16 x 14 x 14
        conv(16, 32),              # 32 x 14 x 14
        Residual(32),
        nn.MaxPool2d(2),           # 32 x 7 x 7
        conv(32, 64),              # 64 x 7 x 7
        Residual(64),
        nn.AdaptiveAvgPool2d(1),   # 64 x 1 x 1
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def count_parameters(model: nn.Module) -> int:
    """How many numbers training adjusts."""
    return sum(weights.numel() for weights in model.parameters())


def export_onnx(model: nn.Module, path: Path) -> None:
    """Write the model as ONNX: `input` [N, 1, 28, 28] to `logits` [N, 10]."""
    torch.onnx.export(
        model.eval(), torch.zeros(1, 1, 28, 28), str(path), opset_version=13,
        input_names=["input"], output_names=["logits"],
        dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})
