#!/usr/bin/env bash
# Sets up, or with --destroy removes, what cml.yaml needs on Google Cloud: a keyless sign-in for one
# repository, two service accounts that may little, a bucket, a network. Run it again whenever you
# like. Best in a project of its own: --destroy removes it for every repository that shares it.
set -euo pipefail

usage="modelyard cloud bootstrap --project PROJECT --repository OWNER/NAME [--bucket NAME]
       [--region us-central1] [--dry-run] [--destroy]"
project= repository= bucket= region=us-central1 dry_run= destroy=
pool=github network=iterative # CML's Terraform provider wants the network by this name
launcher=cml-launcher runner=cml-runner
problems=
kept=

# What `cml runner launch` needs, then what modelyard/cloud/vm.py asks.
launcher_role=compute.acceleratorTypes.get,compute.diskTypes.get,compute.disks.create
launcher_role+=,compute.firewalls.create,compute.firewalls.delete,compute.globalOperations.get
launcher_role+=,compute.images.getFromFamily,compute.images.useReadOnly,compute.instances.create
launcher_role+=,compute.instances.delete,compute.instances.get,compute.instances.setLabels
launcher_role+=,compute.instances.setMetadata,compute.instances.setServiceAccount
launcher_role+=,compute.instances.setTags,compute.machineTypes.get,compute.networks.get
launcher_role+=,compute.networks.updatePolicy,compute.networks.use,compute.projects.get
launcher_role+=,compute.subnetworks.use,compute.subnetworks.useExternalIp,compute.zoneOperations.get
launcher_role+=,compute.globalOperations.list,compute.instances.list,compute.zoneOperations.list
launcher_role+=,compute.zones.list
# The VM deletes itself, with its firewall rules.
runner_role=compute.firewalls.delete,compute.globalOperations.get,compute.instances.delete
runner_role+=,compute.instances.get,compute.networks.updatePolicy,compute.zoneOperations.get

main() {
    read_options "$@"
    check_options
    number=PROJECT_NUMBER
    if [ -z "$dry_run" ]; then
        number=$(gcloud projects describe "$project" --format="value(projectNumber)") ||
            fail "gcloud cannot read the project $project; \`gcloud auth login\`, or ask its owner."
    fi
    members="principalSet://iam.googleapis.com/projects/$number/locations/global"
    members+="/workloadIdentityPools/$pool/attribute.repository/$repository"
    if [ -n "$destroy" ]; then
        remove
        [ -z "$kept" ] || fail "Not everything could be removed:$kept"
    else
        create
        next_steps
    fi
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --project | --repository | --bucket | --region)
                [ $# -gt 1 ] || fail "$1 needs a value; $usage"
                printf -v "${1#--}" %s "$2"
                shift 2
                ;;
            --dry-run) dry_run=yes; shift ;;
            --destroy) destroy=yes; shift ;;
            -h | --help) echo "usage: $usage"; exit 0 ;;
            *) fail "$1 is not an option of this command; $usage" ;;
        esac
    done
    bucket=${bucket:-$project-dvc}
}

check_options() {
    expect --project "$project" '^[a-z][a-z0-9-]{4,28}[a-z0-9]$' "a project's ID, such as my-project-123"
    expect --repository "$repository" '^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$' OWNER/NAME
    expect --bucket "$bucket" '^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$' "a bucket's name, such as my-dvc"
    expect --region "$region" '^[a-z]+-[a-z]+[0-9]+$' "a region, such as us-central1"
    if [ -z "$dry_run" ] && ! command -v gcloud >/dev/null; then
        problems+=$'\nerror: gcloud is not installed: https://cloud.google.com/sdk/docs/install'
    fi
    if [ -n "$problems" ]; then
        echo "${problems#$'\n'}" >&2
        exit 1
    fi
    # One provider for each repository: its condition names it. IDs have at most 32 characters.
    provider=$(printf %s "$repository" | tr '[:upper:]' '[:lower:]' | tr -c a-z0-9 - | cut -c -22)
    provider="r-${provider%-}-$(printf %s "$repository" | cksum | cut -c -6 | tr ' ' 0)"
}

expect() { # OPTION VALUE PATTERN WHAT
    [[ $2 =~ $3 ]] || problems+=$'\n'"error: $1 is '$2'; write $4."
}

fail() {
    echo "error: $*" >&2
    exit 1
}

address() { echo "$1@$project.iam.gserviceaccount.com"; }

run() { # prints a command as one would paste it, and runs it unless this is a rehearsal
    printf '%q ' "$@"
    echo
    [ -n "$dry_run" ] || "$@" >/dev/null ||
        fail "the command above failed; mend what it says and run this again: it goes on." \
            "(A new account takes a moment to be known everywhere.)"
}

exists() { [ -z "$dry_run" ] && "$@" >/dev/null 2>&1; }

deleted() { [ -z "$dry_run" ] && [ "$("$@" --format='value(state)' 2>/dev/null)" = DELETED ]; }

create() {
    run gcloud services enable compute.googleapis.com iam.googleapis.com \
        iamcredentials.googleapis.com sts.googleapis.com storage.googleapis.com \
        cloudresourcemanager.googleapis.com --project="$project"
    create_sign_in
    create_account "$launcher" "Launches and deletes VMs of $repository"
    create_account "$runner" "Trains and deletes its own VM"
    create_role cmlLauncher "$launcher_role"
    create_role cmlRunner "$runner_role"
    grant_project "$launcher" cmlLauncher
    grant_project "$runner" cmlRunner
    # The launcher may attach this one account to a VM, and only this repository may be the launcher.
    grant_account "$runner" roles/iam.serviceAccountUser "serviceAccount:$(address "$launcher")"
    grant_account "$launcher" roles/iam.workloadIdentityUser "$members"
    create_bucket
    grant_bucket "$launcher" roles/storage.objectViewer
    grant_bucket "$runner" roles/storage.objectUser
    exists gcloud compute networks describe "$network" --project="$project" ||
        run gcloud compute networks create "$network" --subnet-mode=auto --project="$project"
}

create_sign_in() {
    local pools=(gcloud iam workload-identity-pools)
    local where=(--location=global --project="$project")
    local inside=("${where[@]}" --workload-identity-pool="$pool")
    # What was deleted is kept for 30 days, and its name with it.
    if deleted "${pools[@]}" describe "$pool" "${where[@]}"; then
        run "${pools[@]}" undelete "$pool" "${where[@]}"
    elif ! exists "${pools[@]}" describe "$pool" "${where[@]}"; then
        run "${pools[@]}" create "$pool" "${where[@]}" --display-name="GitHub Actions"
    fi
    if deleted "${pools[@]}" providers describe "$provider" "${inside[@]}"; then
        run "${pools[@]}" providers undelete "$provider" "${inside[@]}"
    elif ! exists "${pools[@]}" providers describe "$provider" "${inside[@]}"; then
        run "${pools[@]}" providers create-oidc "$provider" "${inside[@]}" \
            --issuer-uri=https://token.actions.githubusercontent.com \
            --attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository \
            --attribute-condition="assertion.repository == '$repository'"
    fi
}

create_account() { # NAME DESCRIPTION
    exists gcloud iam service-accounts describe "$(address "$1")" --project="$project" ||
        run gcloud iam service-accounts create "$1" --display-name="$2" --project="$project"
}

create_role() { # NAME PERMISSIONS; a deleted role keeps its name for weeks
    if [ -z "$dry_run" ] && [ "$(gcloud iam roles describe "$1" --project="$project" --format='value(deleted)' 2>/dev/null)" = True ]; then
        run gcloud iam roles undelete "$1" --project="$project"
    fi
    local verb=create
    exists gcloud iam roles describe "$1" --project="$project" && verb=update
    run gcloud iam roles "$verb" "$1" --permissions="$2" --stage=GA --quiet --project="$project"
}

grant_project() { # ACCOUNT ROLE
    run gcloud projects add-iam-policy-binding "$project" --condition=None \
        --member="serviceAccount:$(address "$1")" --role="projects/$project/roles/$2"
}

grant_account() { # ACCOUNT ROLE MEMBER
    run gcloud iam service-accounts add-iam-policy-binding "$(address "$1")" \
        --role="$2" --member="$3" --project="$project"
}

grant_bucket() { # ACCOUNT ROLE
    run gcloud storage buckets add-iam-policy-binding "gs://$bucket" \
        --member="serviceAccount:$(address "$1")" --role="$2" --project="$project"
}

create_bucket() { # one that exists already keeps its settings
    if exists gcloud storage buckets describe "gs://$bucket" --project="$project"; then
        return
    fi
    local rules
    rules=$(mktemp)
    # Backups of trainings that nobody continued.
    echo '{"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30, "matchesPrefix": ["dvc/checkpoints/"]}}]}' >"$rules"
    run gcloud storage buckets create "gs://$bucket" --location="$region" --lifecycle-file="$rules" \
        --uniform-bucket-level-access --public-access-prevention --project="$project"
    rm -f "$rules"
}

remove() { # in the reverse order; what is gone already is not a mistake
    try gcloud compute networks delete "$network" --quiet --project="$project"
    try gcloud storage buckets delete "gs://$bucket" --quiet --project="$project"
    local account role
    for account in cmlLauncher:"$launcher" cmlRunner:"$runner"; do
        role=${account%%:*}
        account=$(address "${account#*:}")
        try gcloud projects remove-iam-policy-binding "$project" --condition=None \
            --member="serviceAccount:$account" --role="projects/$project/roles/$role"
        try gcloud iam roles delete "$role" --quiet --project="$project"
        try gcloud iam service-accounts delete "$account" --quiet --project="$project"
    done
    try gcloud iam workload-identity-pools providers delete "$provider" --quiet --location=global \
        --workload-identity-pool="$pool" --project="$project"
    try gcloud iam workload-identity-pools delete "$pool" --quiet --location=global --project="$project"
}

try() { # goes on whatever a command says; what is still there is told at the end
    local said
    printf '%q ' "$@"
    echo
    if [ -z "$dry_run" ] && ! said=$("$@" 2>&1 >/dev/null) && ! [[ $said =~ (not found|NOT_FOUND|404|does not exist) ]]; then
        kept+=$'\n'"  $(printf '%q ' "$@")"$'\n'"    ${said##*$'\n'}"
    fi
}

next_steps() {
    cat <<END

Now tell GitHub (or: Settings, Secrets and variables, Actions, Variables):
  gh variable set GCP_PROJECT --repo $repository --body $project
  gh variable set GCP_WORKLOAD_IDENTITY_PROVIDER --repo $repository --body projects/$number/locations/global/workloadIdentityPools/$pool/providers/$provider
  gh variable set GCP_LAUNCHER_SERVICE_ACCOUNT --repo $repository --body $(address "$launcher")
  gh variable set GCP_RUNNER_SERVICE_ACCOUNT --repo $repository --body $(address "$runner")
and DVC:
  dvc remote modify storage url gs://$bucket/dvc
Then the token that may register a runner: the documentation, Training on a VM.
END
}

main "$@"
