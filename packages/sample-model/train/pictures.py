"""Draw the README's pictures from runs/: learning curve and confusion matrix.

    python3 train/pictures.py

train.py does this at its end.
"""
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws to files, needs no screen
import matplotlib.pyplot as plt
import numpy as np

import data

PACKAGE = Path(__file__).resolve().parent.parent
DOCS = PACKAGE / "docs"
BLUE, ORANGE = "#2a6f97", "#d97706"


def save(figure: plt.Figure, name: str) -> None:
    """Write a figure as docs/<name>.png."""
    DOCS.mkdir(exist_ok=True)
    figure.savefig(DOCS / f"{name}.png", dpi=110, bbox_inches="tight")
    plt.close(figure)


def draw_learning_curve(runs: Path) -> None:
    """Version 2.0.0, per epoch: training loss, and validation accuracy in percent."""
    history = json.loads((runs / "2.0.0" / "history.json").read_text())["epochs"]
    epochs = [entry["epoch"] for entry in history]
    series = [
        ("Training loss (augmented images)", "trainLoss", ORANGE),
        ("Validation accuracy, %", "validationAccuracy", BLUE),
    ]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    for axis, (title, key, colour) in zip(axes, series):
        values = [entry[key] for entry in history]
        axis.plot(epochs, values, color=colour, linewidth=1.8)
        axis.annotate(f"{values[-1]:.2f}", (epochs[-1], values[-1]), xytext=(4, 0),
                      textcoords="offset points", va="center", color=colour)
        axis.set_title(title, loc="left", fontsize=11)
        axis.set_xlabel("Epoch")
        axis.grid(axis="y", alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout(w_pad=3)
    save(figure, "learning-curve")


def draw_confusion_matrix(runs: Path) -> None:
    """Version 2.0.0 on the test set, which has 1,000 images of each class."""
    test = json.loads((runs / "2.0.0" / "test.json").read_text())
    matrix = np.array(test["confusionMatrix"])
    figure, axis = plt.subplots(figsize=(7, 6))
    # The square root makes the few mistakes visible beside the many hits.
    axis.imshow(np.sqrt(matrix), cmap="Blues", vmax=np.sqrt(1000))
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axis.text(column, row, count, ha="center", va="center", fontsize=8.5,
                      color="white" if count > 400 else "black")
    places = range(len(data.LABELS))
    axis.set_xticks(places, data.LABELS, rotation=40, ha="right")
    axis.set_yticks(places, data.LABELS)
    axis.set_xlabel("Predicted")
    axis.set_ylabel("True")
    axis.set_title(f"2.0.0: {test['top1']} % of 10,000 test images right", loc="left", fontsize=11)
    axis.spines[:].set_visible(False)
    save(figure, "confusion-matrix")


def draw_all(runs: Path) -> None:
    """Draw both pictures."""
    draw_learning_curve(runs)
    draw_confusion_matrix(runs)


if __name__ == "__main__":
    draw_all(PACKAGE / "runs")
