"""Write a bundle for each trained version: model, labels, samples, manifest.

    python3 train/export_bundle.py [--data DIR]

train.py does this at its end; run it by itself to write the bundles anew from
runs/ without training.
"""
import argparse
import hashlib
import json
import re
import shutil
from pathlib import Path

from PIL import Image

import data

PACKAGE = Path(__file__).resolve().parent.parent
BUNDLES = PACKAGE / "bundles" / "fashion-mnist"
SAMPLES_PER_CLASS = 2
CREATED_AT = "2026-11-28T00:00:00.000Z"  # fixed, so that bundles are reproducible

DESCRIPTIONS = {
    "1.0.0": "A network with one hidden layer of 32 units that tells ten kinds of clothes apart.",
    "2.0.0": "A small convolutional network that tells ten kinds of clothes apart.",
}


def choose_samples(labels: list[int], predictions: list[list[int]]) -> list[int]:
    """Pick the first two test images of each class that every version gets right.

    `labels` is [10000], `predictions` one such list a version. Returns indices
    into the test set, lowest first.
    """
    taken = [0] * len(data.LABELS)
    chosen = []
    for index, label in enumerate(labels):
        right = all(predicted[index] == label for predicted in predictions)
        if right and taken[label] < SAMPLES_PER_CLASS:
            taken[label] += 1
            chosen.append(index)
    return chosen


def slug(label: str) -> str:
    """A label as part of a file name: "T-shirt/top" becomes "t-shirt-top"."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower())


def describe_file(bundle: Path, path: str) -> dict:
    """A file's entry in the manifest: path in the bundle, size, SHA-256."""
    content = (bundle / path).read_bytes()
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def make_manifest(version: str, test: dict, files: list[dict], samples: list[dict]) -> dict:
    """The content of model.json."""
    return {
        "schemaVersion": "1.0",
        "name": "fashion-mnist",
        "version": version,
        "task": "image-classification",
        "description": DESCRIPTIONS[version],
        "files": files,
        "model": "model.onnx",
        "labels": "labels.txt",
        "input": {
            "name": "input", "dtype": "float32", "layout": "NCHW",
            "width": 28, "height": 28, "channels": "gray",
            "resize": {"mode": "squash"}, "scale": "0..255",
            "mean": [data.PIXEL_MEAN], "std": [data.PIXEL_STD], "invert": False,
        },
        "output": {"name": "logits", "kind": "logits"},
        "metrics": {
            "top1": test["top1"], "dataset": "Fashion-MNIST test set",
            "samples": len(test["predictions"]), "confusionMatrix": test["confusionMatrix"],
        },
        "samples": samples,
        "source": "Fashion-MNIST by Zalando Research, https://github.com/zalandoresearch/fashion-mnist; "
                  "trained by packages/sample-model/train",
        "license": "MIT",
        "createdAt": CREATED_AT,
    }


def write_all(runs: Path, dataset: Path) -> None:
    """Write bundles/fashion-mnist/<version>/ for every version."""
    images, labels = data.load(dataset, "t10k")
    tests = {version: json.loads((runs / version / "test.json").read_text()) for version in DESCRIPTIONS}
    chosen = choose_samples(labels.tolist(), [test["predictions"] for test in tests.values()])
    for version, test in tests.items():
        bundle = BUNDLES / version
        shutil.rmtree(bundle, ignore_errors=True)
        (bundle / "samples").mkdir(parents=True)
        shutil.copyfile(runs / version / "model.onnx", bundle / "model.onnx")
        (bundle / "labels.txt").write_text("\n".join(data.LABELS) + "\n")
        samples = []
        for number, index in enumerate(chosen):
            label = data.LABELS[labels[index]]
            path = f"samples/{number:02d}-{slug(label)}.png"
            Image.fromarray(images[index, 0].numpy()).save(bundle / path)
            samples.append({"file": path, "label": label})
        paths = sorted(["model.onnx", "labels.txt"] + [sample["file"] for sample in samples])
        files = [describe_file(bundle, path) for path in paths]
        manifest = make_manifest(version, test, files, samples)
        (bundle / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=data.DEBIAN_DIR, help="folder of the four idx .gz files")
    write_all(PACKAGE / "runs", parser.parse_args().data)
