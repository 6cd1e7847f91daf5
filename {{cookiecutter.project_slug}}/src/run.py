"""The pipeline: what each stage of dvc.yaml does, `python -m src.run STAGE`."""

import sys

from modelyard.cli import Options, stages
from modelyard.data import prepare
from modelyard.pipeline.summary import summarize

from .tuner import tune
from .utils.utils import Config

# What only some stages need is imported in them: `prepare` starts without TensorFlow.


def train(options: Options) -> None:
    """Train with the hyperparameters that `tune` left, save and export."""
    from .data.data_provider import DataProvider
    from .trainer import ModelTrainer

    data = DataProvider(options.config)
    data.get_data()
    trainer = ModelTrainer(options.config, options.hyperparameters)
    if options.dry_run:
        trainer.check(data, thorough=True)
        trainer.model.summary()
        return
    trainer.train(data)
    trainer.save(data)
    options.report(trainer.get_metrics())


def evaluate(options: Options) -> None:
    """Judge the saved files, not what training had in memory."""
    from modelyard.training import evaluate as judge

    from .data.data_provider import DataProvider

    data = DataProvider(options.config)
    data.get_data()
    options.report(judge(options.config, data, dry_run=options.dry_run))


main = stages(
    __spec__,  # the workers of a search start this module again
    Config,
    results=1,  # raised when the engine gives equal inputs other results: then all stages run again
    prepare=prepare,  # yours: hand over a function of your own
    tune=tune,
    train=train,
    evaluate=evaluate,
    summary=summarize,
)

if __name__ == "__main__":
    sys.exit(main())
