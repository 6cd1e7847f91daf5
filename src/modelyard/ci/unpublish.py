"""`python -m ci.unpublish`."""

import sys

from modelyard.publishing.unpublish import main

if __name__ == "__main__":
    sys.exit(main())
