"""The recipe of a training: what `params` and the team's module say about how it is done."""
