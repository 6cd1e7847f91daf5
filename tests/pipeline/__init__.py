"""Rung 3: the generated project trains, resumes, and travels, for real."""
