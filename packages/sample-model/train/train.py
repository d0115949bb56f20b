"""Train both versions of the classifier, then write bundles and pictures.

    python3 train/train.py [--data DIR] [--versions 1.0.0 2.0.0]

Each version gets a folder runs/<version>/ with model.onnx, history.json (one
entry an epoch) and test.json (how it did on the 10,000 test images).
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
    "2.0.0": Recipe(models.small_cnn, 50, 0.10, augmented=True, label_smoothing=0.05),
}


def moving_average(average: torch.Tensor, latest: torch.Tensor, _count: int) -> torch.Tensor:
    """Average the weights over roughly the last 500 steps: it steadies them."""
    return 0.998 * average + 0.002 * latest


def predict(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The class of each image (pixels 0..255, [N, 1, 28, 28]), as int64 [N]."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(data.normalise(part)).argmax(1) for part in images.split(500)])


def percent_right(predicted: torch.Tensor, labels: torch.Tensor) -> float:
    """Top-1 accuracy in percent."""
    return round(100 * (predicted == labels).float().mean().item(), 2)


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


def run_test(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> dict:
    """Figures of the finished model on the test set."""
    predicted = predict(model, images)
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    matrix.index_put_((labels, predicted), torch.tensor(1), accumulate=True)
    return {
        "top1": percent_right(predicted, labels),
        "confusionMatrix": matrix.tolist(),  # rows: true label, columns: predicted
        "predictions": predicted.tolist(),
    }


def export_onnx(model: nn.Module, path: Path) -> None:
    """Write the model as ONNX: `input` [N, 1, 28, 28] to `logits` [N, 10]."""
    torch.onnx.export(
        model.eval(), torch.zeros(1, 1, 28, 28), str(path), opset_version=13,
        input_names=["input"], output_names=["logits"],
        dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})


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
        export_onnx(model, folder / "model.onnx")
        test = run_test(model, *data.load(options.data, "t10k"))
        summary = {"parameters": models.count_parameters(model), "epochs": history}
        (folder / "history.json").write_text(json.dumps(summary, indent=2) + "\n")
        (folder / "test.json").write_text(json.dumps(test) + "\n")
        print(f"{version}: {test['top1']} % of the test images right")
    export_bundle.write_all(RUNS, options.data)
    pictures.draw_all(RUNS)


if __name__ == "__main__":
    main()
