"""The documentation site on the branch gh-pages, a version a release."""
