"""Stands in for a module that has moved."""

from modelyard import moved

moved.stand_in(globals())
