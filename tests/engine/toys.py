"""Adapters without a framework, to be written as models/tiny/adapter.py."""

from .tiny import MODEL

ADAPTER = MODEL / "adapter.py"
# ZazuML's template for an adapter, each method noting its name; its model is a class of its own.
ZAZU = """
from pathlib import Path


def note(step):
    with Path("steps.log").open("a") as file:
        file.write(step + "\\n")


class Mean:
    value = 0.0


class AdapterModel:

    def __init__(self, model_specs, hp_values):
        note("init")
        self.split, self.learning_rate = model_specs.split, hp_values["learning_rate"]

    def reformat(self):
        note("reformat")

    def data_loader(self):
        note("data_loader")

    def preprocess(self):
        note("preprocess")

    def build(self):
        note("build")
        self.model = Mean()

    def train(self):
        note("train")
        self.model.value = self.learning_rate / 2

    def get_metrics(self):
        note("get_metrics " + self.split)
        return {"val_loss": self.model.value}
"""
SMALLEST = """
class AdapterModel:
    def __init__(self, model_specs, hp_values):
        pass

    def train(self):
        self.model = 1

    def get_metrics(self):
        return {metrics}
"""
