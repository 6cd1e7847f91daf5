"""What ships: `python -m ci.publish`, `ci.unpublish`, `ci.run_tests`, `ci.publish_models`."""

from modelyard import ci

__path__ = ci.__path__
