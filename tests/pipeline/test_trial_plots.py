"""`dvc plots` draws the tables of a search, and does without them when there are none."""

import json
from typing import Any

from pipeline.stages import MODEL, Project

TRIALS = "trial,status,score,epochs,seconds,x,reason\n0,completed,0.5,2,1.0,3,\n"
VALUES = "trial,score,hyperparameter,value,position\n0,0.5,x,3,0.25\n0,0.5,y,relu,1.0\n"


def plots(project: Project) -> dict[str, Any]:
    """Return the specification of each plot by its title, or else its name."""
    shown = json.loads(project.run("dvc", "plots", "show", "--json"))
    assert not shown.get("errors")
    filled = {name: plot[0]["content"] for name, plot in shown["data"].items() if plot}
    return {plot["title"]["text"] or name: plot for name, plot in filled.items() if plot}


def write(project: Project, trials: str, values: str) -> None:
    folder = project.path / f"training_metrics/{MODEL}"
    (folder / "trials.csv").write_text(trials)
    (folder / "trial_values.csv").write_text(values)


def test_every_trial_is_drawn_by_number_by_hyperparameter_and_as_a_line(quick: Project) -> None:
    assert "Loss" in plots(quick)
    write(quick, TRIALS, VALUES)
    found = plots(quick)
    (point,) = found["Score by trial"]["data"]["values"]
    assert (point["trial"], point["score"]) == ("0", "0.5")
    for title in ("Score by hyperparameter", "Hyperparameters of all trials"):
        points = found[title]["data"]["values"]
        assert [(p["hyperparameter"], p["position"]) for p in points] == [
            ("x", "0.25"),
            ("y", "1.0"),
        ]
    assert found["Score by hyperparameter"]["facet"]["field"] == "hyperparameter"
    assert found["Hyperparameters of all trials"]["encoding"]["detail"][0]["field"] == "trial"
