"""The two service accounts, and what each may."""

from .console import Console, there

LAUNCHER, RUNNER = "cml-launcher", "cml-runner"
ROLES = {LAUNCHER: "cmlLauncher", RUNNER: "cmlRunner"}
SIGNS_IN = "roles/iam.workloadIdentityUser"
ACCOUNTS = ("gcloud", "iam", "service-accounts")

# https://cloud.google.com/compute/docs/access/iam lists them.
_LAUNCHES = (  # both launchers make a VM from an image, with disk, label, metadata and account
    "compute.disks.create",
    "compute.images.getFromFamily",
    "compute.images.useReadOnly",
    "compute.instances.create",
    "compute.instances.get",
    "compute.instances.setLabels",
    "compute.instances.setMetadata",
    "compute.instances.setServiceAccount",
    "compute.subnetworks.use",
    "compute.subnetworks.useExternalIp",
    "compute.zoneOperations.get",
)
_LAUNCHES_BY_GCLOUD = (  # it reads the zone first; what a VM that never came up has said
    "compute.instances.getSerialPortOutput",
    "compute.zones.get",
)
_LAUNCHES_BY_CML = (  # its Terraform provider reads types first, and opens port 22 of every VM
    "compute.acceleratorTypes.get",
    "compute.diskTypes.get",
    "compute.firewalls.create",
    "compute.globalOperations.get",
    "compute.instances.setTags",
    "compute.machineTypes.get",
    "compute.networks.get",
    "compute.networks.use",
    "compute.projects.get",
)
_CLEANS_UP = (  # `modelyard cloud cleanup` and `reap`: the VM, its firewall rules; was it preempted
    "compute.firewalls.delete",
    "compute.globalOperations.list",
    "compute.instances.delete",
    "compute.instances.list",
    "compute.networks.updatePolicy",
    "compute.zoneOperations.list",
    "compute.zones.list",
)
_DELETES_ITSELF = ("compute.instances.delete",)  # all that a VM of gcloud's asks for
_DELETES_ITSELF_BY_CML = (  # with its firewall rules, and waits for it
    "compute.firewalls.delete",
    "compute.globalOperations.get",
    "compute.instances.get",
    "compute.networks.updatePolicy",
    "compute.zoneOperations.get",
)
PERMISSIONS = {
    LAUNCHER: (*_LAUNCHES, *_LAUNCHES_BY_GCLOUD, *_LAUNCHES_BY_CML, *_CLEANS_UP),
    RUNNER: (*_DELETES_ITSELF, *_DELETES_ITSELF_BY_CML),
}


def address(account: str, project: str) -> str:
    """Return an account's e-mail address."""
    return f"{account}@{project}.iam.gserviceaccount.com"


def create(console: Console, repository: str) -> None:
    """Create both accounts with their roles; a role that exists gets today's permissions."""
    _create_account(console, LAUNCHER, f"Launches and deletes VMs of {repository}")
    _create_account(console, RUNNER, f"Trains {repository} and deletes its own VM")
    for account, role in ROLES.items():
        _create_role(console, role, PERMISSIONS[account])
    for account, role in ROLES.items():
        member = f"--member=serviceAccount:{address(account, console.project)}"
        console.run(
            "gcloud", "projects", "add-iam-policy-binding", console.project, "--condition=None",
            member, f"--role=projects/{console.project}/roles/{role}",
        )  # fmt: skip
    # The launcher may attach this one account to a VM.
    launcher = f"serviceAccount:{address(LAUNCHER, console.project)}"
    _bind(console, "add", RUNNER, "roles/iam.serviceAccountUser", launcher)


def let_in(console: Console, principals: str) -> None:
    """Let those who sign in be the launcher."""
    _bind(console, "add", LAUNCHER, SIGNS_IN, principals)


def shut_out(console: Console, principals: str) -> None:
    """Let these be the launcher no longer, if they may."""
    if console.rehearsal:
        return
    read = (*ACCOUNTS, "get-iam-policy", address(LAUNCHER, console.project), console.of_project)
    policy = console.must_ask(*read, hint="run this again")
    for binding in policy.get("bindings", []):
        if binding["role"] == SIGNS_IN and principals in binding["members"]:
            _bind(console, "remove", LAUNCHER, SIGNS_IN, principals)


def _create_account(console: Console, account: str, description: str) -> None:
    found = console.ask(
        *ACCOUNTS, "describe", address(account, console.project), console.of_project
    )
    if found is None:
        said = f"--display-name={description[:100]}"  # Google's limit
        console.run(*ACCOUNTS, "create", account, said, console.of_project)


def _create_role(console: Console, role: str, permissions: tuple[str, ...]) -> None:
    """Create a role, or bring it up to date; one that was deleted keeps its name for weeks."""
    roles = ("gcloud", "iam", "roles")
    found = console.ask(*roles, "describe", role, console.of_project)
    if found is not None and not there(found):
        console.run(*roles, "undelete", role, console.of_project)
    if found is None or {*found.get("includedPermissions", [])} != {*permissions}:
        console.run(
            *roles, "create" if found is None else "update", role,
            f"--permissions={','.join(sorted(permissions))}", "--stage=GA", "--quiet",
            console.of_project,
        )  # fmt: skip


def _bind(console: Console, verb: str, account: str, role: str, member: str) -> None:
    console.run(
        *ACCOUNTS, f"{verb}-iam-policy-binding", address(account, console.project),
        f"--role={role}", f"--member={member}", console.of_project,
    )  # fmt: skip
