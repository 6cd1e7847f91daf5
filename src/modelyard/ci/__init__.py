"""The commands that a project runs as `python -m ci.X`; each is one function of a room."""

from modelyard.moved import COMMANDS, answer

answer("ci", COMMANDS)
