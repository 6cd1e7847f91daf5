"""Every command of the engine: `modelyard COMMAND`."""

import sys
from importlib import import_module

if sys.version_info < (3, 11):  # noqa: UP036 (before anything is set up, any Python may run this)
    sys.exit(
        f"error: modelyard needs Python 3.11 to 3.13, and this is {sys.version.split()[0]}; "
        "let `sh setup.sh` find or fetch one for .venv, or install one from https://www.python.org."
    )

# By its words: the module whose `main` runs it, and what it does. Only the one asked for is
# imported, so that those of `cloud` run before anything is installed.
COMMANDS = {
    "check": ("modelyard.checking", "validate every configuration file"),
    "doctor": ("modelyard.doctor.command", "what is set up, what is not, and what mends it"),
    "adopt": ("modelyard.adopting.command", "learn from a folder of your own"),
    "zoo": (
        "modelyard.zoo.command",
        "choose a model, add it, search it, compare what was measured",
    ),
    "convert": ("modelyard.data.convert", "annotations: from one format to another"),
    "models": ("modelyard.official.command", "official models: versions, metrics, buckets"),
    "predict": ("modelyard.serving.predict", "images to a table of predictions"),
    "serve": ("modelyard.serving.serve", "answer over HTTP, with a page to try a model"),
    "report": ("modelyard.report.command", "write the report of a training"),
    "acceptance": ("modelyard.report.accept", "judge results by `acceptance` in config.yaml"),
    "consistency": ("modelyard.pipeline.consistency", "are the results in Git those of this code"),
    "run-tests": ("modelyard.model_tests.run_tests", "train and judge as model_tests.yaml says"),
    "publish": ("modelyard.publishing.publish", "the package, to every environment"),
    "unpublish": ("modelyard.publishing.unpublish", "take a version of the package back"),
    "publish-models": ("modelyard.publishing.publish_models", "models, to every bucket"),
    "promote": ("modelyard.publishing.promote", "let MODEL@production name a version"),
    "withdraw": ("modelyard.publishing.withdraw", "a version of a model: readers refuse it"),
    "index-models": ("modelyard.publishing.index_models", "list a bucket's models for --zoo URL"),
    "release": ("modelyard.publishing.release", "may this tag be released"),
    "site": ("modelyard.publishing.site.command", "deploy the documentation site"),
    "k8s": ("modelyard.cloud.k8s.command", "manifests of a search over several machines"),
    "cloud bootstrap": ("modelyard.cloud.bootstrap", "set up, or remove, what Google Cloud needs"),
    "cloud choose-model": ("modelyard.cloud.choose_model", "which model a [cml] commit trains"),
    "cloud install-cml": ("modelyard.cloud.install_cml", "put CML's pinned program on PATH"),
    "cloud launch": ("modelyard.cloud.launching.command", "start the machine that trains"),
    "cloud jit-runner": ("modelyard.cloud.launching.jit_runner", "a runner on any other machine"),
    "cloud check-machine": ("modelyard.cloud.check_machine", "GPU and bucket, before training"),
    "cloud inputs": ("modelyard.pipeline.inputs", "fetch the input artifacts"),
    "cloud train": ("modelyard.cloud.train", "run.sh, with its backups in the bucket"),
    "cloud push-results": ("modelyard.cloud.push_results", "commit and set the results aside"),
    "cloud comment": ("modelyard.cloud.comment", "post the report"),
    "cloud cleanup": ("modelyard.cloud.cleanup", "delete the run's machines, deliver its results"),
    "cloud statuses": ("modelyard.cloud.statuses", "say on the commit how a dispatched run ended"),
    "cloud reap": ("modelyard.cloud.reap", "delete machines that outlived their limit"),
    "completion": ("modelyard.completion", "print the completion of a shell: bash, zsh or fish"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    command = next((name for name in (" ".join(words[:2]), *words[:1]) if name in COMMANDS), None)
    if command is None:
        return _refuse(words)
    if "" not in sys.path:
        sys.path.insert(0, "")  # the project's own code, as `python -m` finds it
    rest = words[len(command.split()) :]
    sys.argv = [f"modelyard {command}", *rest]
    from .command import finish  # by which `cloud` names a full disk, too

    return finish(lambda: int(import_module(COMMANDS[command][0]).main(rest)))


def _refuse(words: list[str]) -> int:
    """Print the help; return 0 if it was asked for, else 2 after what is wrong."""
    asked = not words or words[0] in {"-h", "--help", "help"}
    width = max(map(len, COMMANDS)) + 2
    lines = ["usage: modelyard COMMAND [options]", "", "commands (each has a --help of its own):"]
    lines += [f"  {name:{width}}{text}" for name, (_, text) in COMMANDS.items()]
    if asked:
        print("\n".join(lines))
        return 0
    from .command import print_error
    from .errors import did_you_mean

    asked_for = words[0] if words[0] != "cloud" else " ".join(words[:2])
    print_error(
        f"modelyard has no command {asked_for!r}{did_you_mean(asked_for, COMMANDS)}; "
        "`modelyard --help` lists all."
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
