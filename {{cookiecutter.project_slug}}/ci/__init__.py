"""What ships: `python -m ci.publish`, `unpublish`, `run_tests`, `publish_models`, `withdraw`."""

from modelyard import ci

__path__ = ci.__path__
