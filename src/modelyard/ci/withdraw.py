"""`python -m ci.withdraw`."""

import sys

from modelyard.publishing.withdraw import main

if __name__ == "__main__":
    sys.exit(main())
