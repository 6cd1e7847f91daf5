"""`python -m ci.promote`."""

import sys

from modelyard.publishing.promote import main

if __name__ == "__main__":
    sys.exit(main())
