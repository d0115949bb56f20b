"""Writes reference.json: what a straightforward implementation gives the model for each photo.

Usage: python3 make_reference.py <folder with photos/>
Needs Pillow. For each photo: RGB, short side to 256 (bilinear), centre crop 224; of the result every 8th pixel in each
direction, as 28 x 28 x 3 values of 0..255, in base64.
"""
import base64
import json
import pathlib
import sys

from PIL import Image, ImageOps

SHORT_SIDE, CROP, STEP = 256, 224, 8


def model_view(path):
    """The CROP x CROP RGB image that the model should see."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    factor = SHORT_SIDE / min(image.size)
    width, height = (int(side * factor) for side in image.size)
    left, top = (width - CROP) // 2, (height - CROP) // 2
    scaled = image.resize((width, height), Image.Resampling.BILINEAR)
    return scaled.crop((left, top, left + CROP, top + CROP))


def main():
    here = pathlib.Path(__file__).parent
    reference = {}
    for path in sorted((pathlib.Path(sys.argv[1]) / "photos").iterdir()):
        view = model_view(path)
        values = bytes(v for y in range(0, CROP, STEP) for x in range(0, CROP, STEP) for v in view.getpixel((x, y)))
        reference[path.name] = base64.b64encode(values).decode()
    (here / "reference.json").write_text(json.dumps(reference, indent=2) + "\n")


main()
