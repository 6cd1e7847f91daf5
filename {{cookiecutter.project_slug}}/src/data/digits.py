"""Example data: scikit-learn's handwritten digits as 1,797 image files and a CSV.

Run as `python -m src.data.digits FOLDER`. Your own data takes its place: see README.md here.
Source: UCI "Optical Recognition of Handwritten Digits", as bundled with scikit-learn.
"""

import sys
from pathlib import Path

from modelyard.files import whole_folder, write_csv
from PIL import Image


def write_digits(folder: Path) -> None:
    """Write 8 x 8 grey images to `images/` and `annotations.csv` with the columns path, class."""
    from sklearn.datasets import load_digits  # takes most of a second

    digits = load_digits()
    pixels = (digits.images * (255 / 16)).round().astype("uint8")  # 16 is the brightest
    rows = []
    with whole_folder(folder) as temporary:
        (temporary / "images").mkdir()
        for number, (image, label) in enumerate(zip(pixels, digits.target, strict=True)):
            path = f"images/{number:04}.png"
            Image.fromarray(image).save(temporary / path)
            rows.append({"path": path, "class": int(label)})
        write_csv(temporary / "annotations.csv", rows)


if __name__ == "__main__":
    write_digits(Path(sys.argv[1]))
