"""Remove what the answers switched off; runs in the generated project's folder."""

import contextlib
import sys
from pathlib import Path

TASK = "{{ cookiecutter.task }}"
DOCS = "{{ cookiecutter.docs }}"  # True or False

CLASSIFICATION = ("image_classification",)
OBJECTS = ("object_detection", "instance_segmentation")
TABLES = ("tabular",)
TEXTS = ("text_classification",)
IMAGES = CLASSIFICATION + OBJECTS
# Files that only some tasks need.
ONLY = {
    "src/data/digits.py": CLASSIFICATION,
    "src/models/attention.py": TEXTS,
    "src/models/backbone.py": CLASSIFICATION,
    "src/models/backbone_centers.py": OBJECTS,
    "src/models/backbones.py": IMAGES,
    "src/models/centers.py": OBJECTS,
    "src/models/convolutional.py": CLASSIFICATION,
    "src/models/dense.py": CLASSIFICATION,
    "src/models/embedding.py": TEXTS,
    "src/models/linear.py": TABLES,
    "src/models/mlp.py": TABLES,
    "src/models/recurrent.py": TEXTS,
    "src/notebooks/explore.ipynb": CLASSIFICATION,
    "src/notebooks/explore_objects.ipynb": OBJECTS,
    "src/notebooks/explore_table.ipynb": TABLES,
    "src/notebooks/explore_text.ipynb": TEXTS,
}
# Files of the documentation site.
DOCS_ONLY = (".github/workflows/docs.yaml", "docs/.gitkeep", "mkdocs.yml")


def main() -> int:
    """Remove the files of other tasks, and those of a site that nobody wants."""
    switched_off = [name for name, tasks in ONLY.items() if TASK not in tasks]
    if DOCS == "False":
        switched_off += DOCS_ONLY
    for path in map(Path, switched_off):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the folder is not empty
            path.parent.rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main())
