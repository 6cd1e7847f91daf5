"""A key of the team's own: declared in one place, then DVC, the checks and the code know it."""

import json

from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"
SIGN = (
    "    # yours: label_smoothing: float = 0.0  # share of each label given to all other classes\n"
)
LOSS = "loss = task_loss(task, params.loss, class_count)"
SMOOTHED = """@keras.saving.register_keras_serializable()
class SmoothedLoss(keras.losses.Loss):
    \"\"\"Cross-entropy with smoothed labels.\"\"\"

    def __init__(self, classes: int, share: float, **options: object) -> None:
        super().__init__(**options)
        self.classes, self.share = classes, share

    def call(self, labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        \"\"\"Return the loss of each example.\"\"\"
        wanted = tf.one_hot(tf.cast(tf.reshape(labels, [-1]), tf.int32), self.classes)
        return keras.losses.categorical_crossentropy(wanted, outputs, label_smoothing=self.share)

    def get_config(self) -> dict[str, object]:
        \"\"\"Return what `__init__` takes.\"\"\"
        return {**super().get_config(), "classes": self.classes, "share": self.share}


"""


def declare(project: Project) -> None:
    """Do what the documentation says: declare the key, read it, give it a value; commit."""
    project.replace("src/utils/utils.py", SIGN, "    label_smoothing: float = 0.0\n")
    project.replace("src/trainer.py", "class ModelTrainer", f"{SMOOTHED}class ModelTrainer")
    project.replace(
        "src/trainer.py", LOSS, "loss = SmoothedLoss(class_count, params.label_smoothing)"
    )
    project.replace("src/trainer.py", "load_task, task_loss", "load_task")
    project.replace(CONFIG, "  batch_size:", "  label_smoothing: 0.1\n  batch_size:")
    project.run("git", "commit", "--quiet", "--all", "--message", "Smooth labels")


def test_it_is_checked_typed_tracked_and_used(quick: Project) -> None:
    before = quick.history()[0]["loss"]
    declare(quick)
    assert quick.run("python", "-m", "src.run", "check") == f"{MODEL}\n"
    quick.run("make", "lint")  # its type is known where it is read
    assert quick.repro() >= {"train", "evaluate"}
    smoothed = quick.history()[0]["loss"]
    assert smoothed > before + 0.1  # no prediction can reach a smoothed label
    recorded = quick.yaml(f"models/{MODEL}/train_configuration.yaml")
    assert recorded["config"]["params"]["label_smoothing"] == 0.1
    quick.run("git", "commit", "--quiet", "--all", "--message", "Trained")
    quick.replace(CONFIG, "label_smoothing: 0.1", "label_smoothing: 0.2")
    changed = json.loads(quick.run("dvc", "params", "diff", "--json"))
    smoothing = changed[CONFIG]["params.label_smoothing"]
    assert (smoothing["old"], smoothing["new"]) == (0.1, 0.2)


def test_misspelt_or_of_another_type_it_is_refused_like_any_other_key(quick: Project) -> None:
    declare(quick)
    quick.replace(CONFIG, "label_smoothing: 0.1", "label_smothing: 0.1")
    said = quick.run("modelyard", "check", check=False)
    assert f"{CONFIG}: params.label_smothing is not a known key" in said
    assert "did you mean 'label_smoothing'" in said
    quick.replace(CONFIG, "label_smothing: 0.1", "label_smoothing: much")
    assert "params.label_smoothing is 'much'" in quick.run("modelyard", "check", check=False)


def test_an_experiment_sets_it(quick: Project) -> None:
    declare(quick)
    quick.repro()
    quick.run("git", "add", ".")
    quick.run("git", "commit", "--quiet", "--message", "Trained")
    loss = quick.history()[0]["loss"]
    quick.run("dvc", "exp", "run", "-S", f"{CONFIG}:params.label_smoothing=0.4")
    assert quick.history()[0]["loss"] > loss
