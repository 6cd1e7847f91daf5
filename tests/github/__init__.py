"""Execute GitHub workflows here: real expressions, real shells, real Git, doubles for the rest."""
