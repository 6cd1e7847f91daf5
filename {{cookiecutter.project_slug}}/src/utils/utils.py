"""The team's own: helpers, and keys for the configuration files."""

from modelyard import config


class Params(config.Params):
    """`params` in models/<model>/config.yaml. Declare a key here, then read config.params.KEY."""

    # yours: confidence_penalty: float = 0.0  # how much the loss rewards doubt


class Config(config.Config):
    """A model's configuration with the team's keys; each is checked like any other."""

    params: Params
