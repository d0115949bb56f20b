"""Train both versions of the classifier, then write bundles and pictures.

    python3 train/train.py [--data DIR] [--versions 1.0.0 2.0.0]

Each version gets a folder runs/<version>/ with weights.pt (PyTorch),
model.onnx, history.json (one entry an epoch) and test.json (how it did on the
10,000 test images).
"""
import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

import data
import export_bundle
import models
import pictures
from evaluation import percent_right, predict, run_test

RUNS = Path(__file__).resolve().parent.parent / "runs"
SEED = 20261122
BATCH = 128


@dataclass(frozen=True)
class Recipe:
    """How to train one version."""

    build: Callable[[], nn.Module]
    epochs: int
    peak_learning_rate: float
    augmented: bool
    label_smoothing: float


RECIPES = {
    "1.0.0": Recipe(models.small_mlp, 5, 0.02, augmented=False, label_smoothing=0.0),
    "2.0.0": Recipe(models.small_cnn, 45, 0.10, augmented=True, label_smoothing=0.02),
}


def moving_average(average: torch.Tensor, latest: torch.Tensor, count: int) -> torch.Tensor:
    """Average the weights over roughly the last 500 steps: it steadies them.

    Early on, when `count` steps are few, the average follows more closely.
    """
    keep = min(0.998, (1 + count) / (10 + count))
    return keep * average + (1 - keep) * latest


def fit(recipe: Recipe, images: torch.Tensor, labels: torch.Tensor) -> tuple[nn.Module, list[dict]]:
    """Train on all but the validation images; return the model and its history."""
    torch.manual_seed(SEED)
    held_out = slice(-data.VALIDATION_SIZE, None)
    count = len(images) - data.VALIDATION_SIZE
    steps = count // BATCH
    model = recipe.build().to(memory_format=torch.channels_last)  # faster on CPUs
    averaged = AveragedModel(model, avg_fn=moving_average, use_buffers=True)
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe.peak_learning_rate,
        momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.peak_learning_rate, total_steps=recipe.epochs * steps,
        pct_start=0.2, cycle_momentum=False)
    history = []
    for epoch in range(1, recipe.epochs + 1):
        started = time.monotonic()
        model.train()
        total = 0.0
        for chosen in torch.randperm(count)[: steps * BATCH].split(BATCH):
            batch = data.augment(images[chosen]) if recipe.augmented else images[chosen]
            loss = loss_of(model(data.normalise(batch)), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            averaged.update_parameters(model)
            total += loss.item()
        history.append({
            "epoch": epoch,
            "trainLoss": round(total / steps, 4),
            "validationAccuracy": percent_right(predict(averaged, images[held_out]), labels[held_out]),
            "learningRate": float(f"{schedule.get_last_lr()[0]:.3g}"),
            "seconds": round(time.monotonic() - started, 1),
        })
        print(history[-1], flush=True)
    return averaged.module.to(memory_format=torch.contiguous_format), history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=data.DEBIAN_DIR, help="folder of the four idx .gz files")
    parser.add_argument("--versions", nargs="+", choices=RECIPES, default=list(RECIPES))
    options = parser.parse_args()
    torch.set_num_threads(2)
    images, labels = data.load(options.data, "train")
    for version in options.versions:
        model, history = fit(RECIPES[version], images, labels)
        folder = RUNS / version
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(model.state_dict(), folder / "weights.pt")
        models.export_onnx(model, folder / "model.onnx")
        test = run_test(model, *data.load(options.data, "t10k"))
        summary = {"parameters": models.count_parameters(model), "epochs": history}
        (folder / "history.json").write_text(json.dumps(summary, indent=2) + "\n")
        (folder / "test.json").write_text(json.dumps(test) + "\n")
        print(f"{version}: {test['top1']} % of the test images right")
    export_bundle.write_all(RUNS, options.data)
    pictures.draw_all(RUNS)


if __name__ == "__main__":
    main()
