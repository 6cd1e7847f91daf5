"""Model tests: train as model_tests.yaml says, judge what comes out, and what was saved."""
