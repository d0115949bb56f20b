"""Fashion-MNIST: reading the files, normalising pixels, augmenting batches."""
import gzip
from pathlib import Path

import numpy as np
import torch

# Where Debian's package `dataset-fashion-mnist` puts the four files.
DEBIAN_DIR = Path("/usr/share/datasets/fashion-mnist")

# The official names, in the order of the label numbers 0..9.
LABELS = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]

# Mean and standard deviation of the pixels of the 60,000 training images, in
# units of 0..255. The manifest carries both, for whoever serves the model.
PIXEL_MEAN = 72.94
PIXEL_STD = 90.02

# The last images of the training set are never trained on: they tell how
# training goes, so that the test set is looked at once, at the end.
VALIDATION_SIZE = 5_000


def read_idx(path: Path) -> np.ndarray:
    """Read a gzipped idx file of bytes: images [N, 28, 28] or labels [N]."""
    raw = gzip.decompress(path.read_bytes())
    dimensions = raw[3]  # the header: 0, 0, type (8 = unsigned byte), dimensions
    shape = np.frombuffer(raw, ">u4", count=dimensions, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def load(folder: Path, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Load a split, "train" (60,000) or "t10k" (the test set, 10,000).

    Returns the images, uint8 [N, 1, 28, 28], and the labels, int64 [N].
    """
    images = read_idx(folder / f"{split}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{split}-labels-idx1-ubyte.gz")
    return torch.tensor(images).unsqueeze(1), torch.tensor(labels, dtype=torch.int64)


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Turn pixels 0..255, [N, 1, 28, 28], into what the models take (float32)."""
    return (images.float() - PIXEL_MEAN) / PIXEL_STD


def augment(images: torch.Tensor) -> torch.Tensor:
    """Flip and shift a batch of pixels 0..255, [N, 1, 28, 28]."""
    return shift(flip(images.float()))


def flip(images: torch.Tensor, chance: float = 0.5) -> torch.Tensor:
    """Mirror some of the images left to right."""
    mirrored = torch.rand(len(images), 1, 1, 1) < chance
    return torch.where(mirrored, images.flip(-1), images)


def shift(images: torch.Tensor, most: int = 1) -> torch.Tensor:
    """Move each image by up to `most` pixels each way; black comes in."""
    count, _, height, width = images.shape
    padded = torch.nn.functional.pad(images, (most, most, most, most))
    top = torch.randint(0, 2 * most + 1, (count, 1))
    left = torch.randint(0, 2 * most + 1, (count, 1))
    rows = (top + torch.arange(height)).view(count, height, 1)
    columns = (left + torch.arange(width)).view(count, 1, width)
    each = torch.arange(count).view(count, 1, 1)
    return padded[each, 0, rows, columns].unsqueeze(1)
