"""How good a model is: top-1 accuracy and confusion matrix."""
import torch
from torch import nn

import data


def predict(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The class of each image (pixels 0..255, [N, 1, 28, 28]), as int64 [N]."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(data.normalise(part)).argmax(1) for part in images.split(500)])


def percent_right(predicted: torch.Tensor, labels: torch.Tensor) -> float:
    """Top-1 accuracy in percent."""
    return round(100 * (predicted == labels).float().mean().item(), 2)


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
