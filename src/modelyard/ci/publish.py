"""`python -m ci.publish`."""

import sys

from modelyard.publishing.publish import main

if __name__ == "__main__":
    sys.exit(main())
