"""Remove what the answers switched off; runs in the generated project's folder."""

import contextlib
import sys
from pathlib import Path

TASK = "{{ cookiecutter.task }}"
DOCS = "{{ cookiecutter.docs }}"  # True or False

CLASSIFICATION = ("image_classification",)
OBJECTS = ("object_detection", "instance_segmentation")
# Files that only some tasks need.
ONLY = {
    "src/data/digits.py": CLASSIFICATION,
    "src/data/labels.py": CLASSIFICATION,
    "src/data/objects.py": OBJECTS,
    "src/data/scenes.py": OBJECTS,
    "src/models/backbone.py": CLASSIFICATION,
    "src/models/backbone_centers.py": OBJECTS,
    "src/models/centers.py": OBJECTS,
    "src/models/convolutional.py": CLASSIFICATION,
    "src/models/dense.py": CLASSIFICATION,
    "src/notebooks/explore.ipynb": CLASSIFICATION,
    "src/notebooks/explore_objects.ipynb": OBJECTS,
    "src/tasks/centers.py": OBJECTS,
    "src/tasks/coco_metrics.py": OBJECTS,
    "src/tasks/detections.py": OBJECTS,
    "src/tasks/drawing.py": OBJECTS,
    "src/tasks/image_classification.py": CLASSIFICATION,
    "src/tasks/instance_segmentation.py": ("instance_segmentation",),
    "src/tasks/object_detection.py": ("object_detection",),
    "src/tasks/objects.py": OBJECTS,
    "tests/test_adapter_example.py": CLASSIFICATION,
    "tests/test_adapters.py": CLASSIFICATION,
    "tests/test_backup.py": CLASSIFICATION,
    "tests/test_bad_data.py": CLASSIFICATION,
    "tests/test_data.py": CLASSIFICATION,
    "tests/test_evaluation.py": CLASSIFICATION,
    "tests/test_keras_search.py": CLASSIFICATION,
    "tests/test_notebook.py": CLASSIFICATION,
    "tests/test_predict.py": CLASSIFICATION,
    "tests/test_predict_mistakes.py": CLASSIFICATION,
    "tests/test_serve_model.py": CLASSIFICATION,
    "tests/test_trainer.py": CLASSIFICATION,
    "tests/test_zoo_add.py": CLASSIFICATION,
    "tests/test_zoo_more.py": CLASSIFICATION,
    "tests/training.py": CLASSIFICATION,
    "tests/test_objects.py": OBJECTS,
    "tests/test_scenes.py": OBJECTS,
    "tests/test_serve_objects.py": OBJECTS,
}
# Files of the documentation site.
DOCS_ONLY = (
    ".github/workflows/docs.yaml",
    "ci/site/__init__.py",
    "ci/site/__main__.py",
    "ci/site/versions.py",
    "docs/collect.py",
    "docs/site.css",
    "mkdocs.yml",
    "tests/test_site.py",
    "tests/test_site_titles.py",
    "tests/test_site_versions.py",
)


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
