"""A key of the team's own: declared in one place, then DVC, the checks and the code know it."""

import json

from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"
SIGN = "    # yours: confidence_penalty: float = 0.0  # how much the loss rewards doubt\n"
NETWORK = "src/models/convolutional.py"
LOSS = '''

@keras.saving.register_keras_serializable()
class PenalisedLoss(keras.losses.Loss):
    """Cross-entropy less a share of the outputs' entropy (Pereyra et al., 2017)."""

    def __init__(self, share: float, **options: Any) -> None:
        super().__init__(**options)
        self.share = share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example."""
        entropy = -keras.ops.sum(y_pred * keras.ops.log(y_pred + 1e-7), axis=-1)
        missed = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return missed - self.share * entropy

    def get_config(self) -> dict[str, Any]:
        """Return what `__init__` takes."""
        return {**super().get_config(), "share": self.share}


def loss(config: Config) -> keras.losses.Loss:
    """Return the loss that this network is trained with, in place of `params.loss`."""
    return PenalisedLoss(config.params.confidence_penalty)
'''


def declare(project: Project) -> None:
    """Do what the documentation says: declare the key, read it, give it a value; commit."""
    project.replace("src/utils/utils.py", SIGN, "    confidence_penalty: float = 0.0\n")
    project.replace(NETWORK, "import keras", "from typing import Any\n\nimport keras")
    file = project.path / NETWORK
    file.write_text(file.read_text() + LOSS)
    project.replace(CONFIG, "  batch_size:", "  confidence_penalty: 0.1\n  batch_size:")
    project.run("git", "commit", "--quiet", "--all", "--message", "Reward doubt")


def test_it_is_checked_typed_tracked_and_used(quick: Project) -> None:
    before = quick.history()[0]["loss"]
    declare(quick)
    assert quick.run("python", "-m", "src.run", "check") == f"{MODEL}\n"
    quick.run("make", "lint")  # its type is known where it is read
    assert quick.repro() >= {"train", "evaluate"}
    penalised = quick.history()[0]["loss"]
    assert penalised < before - 0.1  # a new network doubts, which is rewarded
    recorded = quick.yaml(f"models/{MODEL}/train_configuration.yaml")
    assert recorded["config"]["params"]["confidence_penalty"] == 0.1
    quick.run("git", "commit", "--quiet", "--all", "--message", "Trained")
    quick.replace(CONFIG, "confidence_penalty: 0.1", "confidence_penalty: 0.2")
    changed = json.loads(quick.run("dvc", "params", "diff", "--json"))
    penalty = changed[CONFIG]["params.confidence_penalty"]
    assert (penalty["old"], penalty["new"]) == (0.1, 0.2)


def test_misspelt_or_of_another_type_it_is_refused_like_any_other_key(quick: Project) -> None:
    declare(quick)
    quick.replace(CONFIG, "confidence_penalty: 0.1", "confidence_penalti: 0.1")
    said = quick.run("modelyard", "check", check=False)
    assert f"{CONFIG}: params.confidence_penalti is not a known key" in said
    assert "did you mean 'confidence_penalty'" in said
    quick.replace(CONFIG, "confidence_penalti: 0.1", "confidence_penalty: much")
    assert "params.confidence_penalty is 'much'" in quick.run("modelyard", "check", check=False)


def test_an_experiment_sets_it(quick: Project) -> None:
    declare(quick)
    quick.repro()
    quick.run("git", "add", ".")
    quick.run("git", "commit", "--quiet", "--message", "Trained")
    loss = quick.history()[0]["loss"]
    quick.run("dvc", "exp", "run", "-S", f"{CONFIG}:params.confidence_penalty=0.4")
    assert quick.history()[0]["loss"] < loss
