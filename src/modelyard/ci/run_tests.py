"""`python -m ci.run_tests`."""

import sys

from modelyard.model_tests.run_tests import main

if __name__ == "__main__":
    sys.exit(main())
