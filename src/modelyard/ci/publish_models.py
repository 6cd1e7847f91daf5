"""`python -m ci.publish_models`."""

import sys

from modelyard.publishing.publish_models import main

if __name__ == "__main__":
    sys.exit(main())
