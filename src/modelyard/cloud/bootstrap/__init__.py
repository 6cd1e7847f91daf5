"""Set up, or remove, what training on Google Cloud needs: `modelyard cloud bootstrap`.

A keyless sign-in for one repository of github.com (GitHub Enterprise signs with an issuer of its
own, and is not supported), two service accounts that may little, a bucket, a network and, if asked,
a budget alert. Run it again whenever you like: what exists is kept, or brought up to date. Best in
a project of its own: --destroy removes it for every repository that shares it.
"""

import sys

from modelyard.command import finish, print_error

from .. import install_cml
from . import accounts, bucket, budget, removal, sign_in
from .console import Console
from .github import Repository, read_repository
from .options import Options, read_options

# CML's Terraform provider wants the network by this name, and opens port 22 of its VMs in it. VMs
# that gcloud makes are reached by nobody.
NETWORK = "iterative"
SERVICES = ("compute", "iam", "iamcredentials", "sts", "storage", "cloudresourcemanager")


def main(arguments: list[str] | None = None) -> int:
    """Set up or remove everything; return 0, or 1 after saying what to mend."""
    return finish(lambda: _bootstrap(read_options(arguments)))


def _bootstrap(options: Options) -> bool:
    console = Console(options.project, rehearsal=options.rehearsal)
    if options.destroy:
        removal.remove(console, options, NETWORK)
    else:
        repository = read_repository(console, options)
        number = _project_number(console)
        _create(console, options, repository, number)
        print(_next_steps(options, number))
    for note in console.notes:
        print(f"note: {note}")
    sys.stdout.flush()
    for problem in console.problems:
        print_error(problem)
    return not console.problems


def _project_number(console: Console) -> str:
    """Return the project's number, by which the sign-in names it."""
    read = ("gcloud", "projects", "describe", console.project)
    if console.rehearsal:
        console.stands_for("PROJECT_NUMBER", *read, "--format=value(projectNumber)")
        return "PROJECT_NUMBER"
    return str(
        console.must_ask(*read, hint="`gcloud auth login`, or ask its owner")["projectNumber"]
    )


def _create(console: Console, options: Options, repository: Repository, number: str) -> None:
    services = [f"{name}.googleapis.com" for name in SERVICES]
    console.run("gcloud", "services", "enable", *services, console.of_project)
    sign_in.create_pool(console)
    accounts.create(console, repository.name)
    principals = sign_in.principals(number)
    accounts.let_in(console, f"{principals}/attribute.repository_id/{repository.id}")
    sign_in.create_provider(console, repository)
    accounts.shut_out(console, f"{principals}/attribute.repository/{repository.name}")
    bucket.create(console, options)
    _create_network(console)
    if options.budget:
        budget.create(console, options.budget)


def _create_network(console: Console) -> None:
    networks = ("gcloud", "compute", "networks")
    if console.ask(*networks, "describe", NETWORK, console.of_project) is None:
        console.run(*networks, "create", NETWORK, "--subnet-mode=auto", console.of_project)


def _next_steps(options: Options, number: str) -> str:
    variables = {
        "GCP_PROJECT": options.project,
        "GCP_WORKLOAD_IDENTITY_PROVIDER": sign_in.resource(number, options.repository),
        "GCP_LAUNCHER_SERVICE_ACCOUNT": accounts.address(accounts.LAUNCHER, options.project),
        "GCP_RUNNER_SERVICE_ACCOUNT": accounts.address(accounts.RUNNER, options.project),
        # Its maker publishes no checksum: runs compare CML with what is downloaded here today.
        "CML_SHA256": f'"$({install_cml.CHECKSUM})"',
    }
    return "\n".join(
        [
            "",
            "Now tell GitHub (or: Settings, Secrets and variables, Actions, Variables):",
            *(
                f"  gh variable set {name} --repo {options.repository} --body {value}"
                for name, value in variables.items()
            ),
            "and DVC, which does not use gcloud's own sign-in:",
            f"  dvc remote modify storage url gs://{options.bucket}/dvc",
            "  gcloud auth application-default login",
            "Then the token that may register a runner: the documentation, Training on a VM.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
