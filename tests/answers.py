"""The answers that the template is baked with, as data."""

from itertools import product

Answers = dict[str, str]

LICENSES = ("MIT", "Apache-2.0", "BSD-3-Clause", "Proprietary")

# Where DVC keeps data: the answer, the extra that DVC needs, and what .dvc/config must say.
REMOTES = {
    "beside": ("../digit_classifier_dvc_storage", "", "../../digit_classifier_dvc_storage"),
    "spaced": ("../my storage", "", "../../my storage"),
    "absolute": ("/srv/dvc storage", "", "/srv/dvc storage"),
    "gs": ("gs://a-bucket/some/path", "gs", "gs://a-bucket/some/path"),
    "s3": ("s3://a-bucket/some/path", "s3", "s3://a-bucket/some/path"),
    "azure": ("azure://a-container/some/path", "azure", "azure://a-container/some/path"),
}

# Free text that must come out as it went in.
TEXTS = {
    "accents": "Größe, naïveté and 数字",
    "apostrophe": "Ada O'Neil's",
    "colon": "Digits: the #1 classifier, 100% - really",
    "emoji": "Digits 🔢 👩‍🔬",
    "long": "digits " * 60 + "end",
    "markup": "<b>bold</b> & *stars* | `code` [x](y) @me !z",
    "shell": "$(touch x) `touch y` $HOME; touch z",
    "yaml": "- yes: [no, {null}] ? ~ %x",
}


def _option_sets() -> dict[str, Answers]:
    return {
        f"license={name},remote={remote}": {"license": name, "dvc_remote_url": REMOTES[remote][0]}
        for name, remote in product(LICENSES, REMOTES)
    }


def _text_sets() -> dict[str, Answers]:
    answered = ("project_name", "description", "author_name")
    return {
        f"text={kind}": {"project_slug": "digits"} | dict.fromkeys(answered, text)
        for kind, text in TEXTS.items()
    }


TASKS = (
    "image_classification",
    "object_detection",
    "instance_segmentation",
    "text_classification",
    "tabular",
)
TASK_SETS = {f"task={task}": {"task": task} for task in TASKS[1:]}
# Without a documentation site, in two tasks; and what such a project lacks.
DOCS_SETS: dict[str, Answers] = {
    "docs=no": {"docs": "no"},
    "docs=no,task=object_detection": {"docs": "no", "task": "object_detection"},
}
SITE = {".github/workflows/docs.yaml", "docs/.gitkeep", "mkdocs.yml"}

LONGEST = {"project_slug": "s" * 50, "model_name": "m" * 50}
ANSWER_SETS = {
    "defaults": {},
    **_option_sets(),
    **_text_sets(),
    **TASK_SETS,
    **DOCS_SETS,
    "names=longest": LONGEST,
}
