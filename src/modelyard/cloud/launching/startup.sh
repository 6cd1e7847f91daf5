# Runs as root at every boot of a VM that `modelyard cloud launch` made, below a head that sets
# MAX_HOURS, IDLE_MINUTES, KEEP, GPU, RUNNER_URL, RUNNER_SHA256 (startup.py); other clouds set CONFIG.
# A GitHub runner does one job, then the VM deletes itself; with KEEP it waits for the next one.
# https://cloud.google.com/compute/docs/instances/startup-scripts/linux
set -uo pipefail

: "${METADATA:=http://metadata.google.internal/computeMetadata/v1}"
: "${COMPUTE:=https://compute.googleapis.com/compute/v1}"
: "${ROOT:=}" # where tests keep the machine's folders
KEY=runner-config # the metadata that holds a runner's configuration, until it has registered
PROGRAM=$ROOT/home/runner/actions-runner
STATE=$ROOT/var/lib/modelyard
CONFIG=${CONFIG:-}

main() {
    trap end EXIT                  # whatever fails, this machine goes
    trap 'trap - EXIT; exit 0' TERM # it is going down already
    # Whatever hangs, it goes off.
    systemd-run --unit=dead-man-switch --on-active="${MAX_HOURS}h" shutdown -P now
    mkdir -p "$STATE"
    prepare || fail "packages could not be installed"
    install_driver || say "the GPU's driver could not be installed"
    install_runner || fail "GitHub's runner could not be installed"
    serve
}

say() { echo "modelyard: $*"; }

fail() { # the launcher reads these words on the serial port
    say "this machine cannot train: $*"
    sleep 300
    exit 1
}

metadata() { # PATH; https://cloud.google.com/compute/docs/metadata/querying-metadata
    curl --silent --show-error --fail --header "Metadata-Flavor: Google" "$METADATA/$1"
}

prepare() {
    # Upgrades in the background hold the lock of apt.
    systemctl stop unattended-upgrades apt-daily.timer apt-daily-upgrade.timer 2>/dev/null
    mkdir -p "$ROOT/etc/apt/apt.conf.d"
    echo 'DPkg::Lock::Timeout "600";' >"$ROOT/etc/apt/apt.conf.d/90modelyard"
    export DEBIAN_FRONTEND=noninteractive
    if ! [ -e "$STATE/prepared" ]; then
        apt-get -q update &&
            apt-get -q install -y --no-install-recommends build-essential ca-certificates curl git \
                pciutils python3 python3-venv tar unzip || return 1
        touch "$STATE/prepared"
    fi
    # The runner refuses root; jobs need no right of root's.
    id runner >/dev/null 2>&1 || useradd --create-home --shell /bin/bash runner || return 1
    install -d -o runner -g runner "$ROOT/opt/hostedtoolcache"
}

works() { nvidia-smi --list-gpus 2>/dev/null | grep GPU >/dev/null; }

install_driver() {
    if [ -z "$GPU" ] || works; then
        return 0
    fi
    if [ -z "$CONFIG" ] && metadata instance/image | grep /deeplearning-platform-release/ >/dev/null; then
        # It installs the driver itself, because of the metadata install-nvidia-driver.
        for _ in $(seq 120); do works && return 0; sleep 5; done
        return 1
    fi
    local boots
    boots=$(cat "$STATE/boots" 2>/dev/null || echo 0)
    [ "$boots" -lt 3 ] || return 1
    echo $((boots + 1)) >"$STATE/boots"
    # https://cloud.google.com/compute/docs/gpus/install-drivers-gpu; the long-term branch also
    # knows GPUs before Turing. It restarts the machine once or twice, then this begins again.
    curl --silent --show-error --fail --location --retry 5 --output "$STATE/cuda_installer.pyz" \
        https://storage.googleapis.com/compute-gpu-installation-us/installer/latest/cuda_installer.pyz || return 1
    (cd "$STATE" && python3 cuda_installer.pyz install_driver --installation-mode=binary --installation-branch=lts)
    works && return 0
    say "restarting for the GPU's driver"
    trap - EXIT
    reboot
    exit 0
}

install_runner() {
    [ -x "$PROGRAM/run.sh" ] && return 0
    local archive=$STATE/runner.tar.gz
    curl --silent --show-error --fail --location --retry 5 --output "$archive" "$RUNNER_URL" || return 1
    echo "$RUNNER_SHA256  $archive" | sha256sum --check --quiet || return 1
    mkdir -p "$PROGRAM" && tar --extract --gzip --file "$archive" --directory "$PROGRAM" || return 1
    "$PROGRAM/bin/installdependencies.sh" && chown -R runner:runner "$PROGRAM"
}

next_config() { # prints a runner's configuration, or nothing
    if [ -n "$CONFIG" ]; then
        echo "$CONFIG"
    else
        metadata "instance/attributes/$KEY" 2>/dev/null
    fi
}

wait_a_minute() { # or until the metadata changes
    metadata "instance/attributes/?recursive=true&wait_for_change=true&timeout_sec=60" >/dev/null || sleep 60
}

serve() {
    local config='' used='' idle=0
    while [ "$idle" -lt "$IDLE_MINUTES" ]; do
        config=$(next_config)
        if [ -n "$config" ] && [ "$config" != "$used" ]; then
            used=$config idle=0
            run_job "$config"
            [ -n "$KEEP" ] || return 0
        else
            wait_a_minute
            idle=$((idle + 1))
        fi
    done
    say "nothing to do for $IDLE_MINUTES minutes"
}

run_job() { # CONFIG: a runner does one job; where none comes, it ends
    local idle=0 number
    cd "$PROGRAM" || return
    rm -rf _diag .runner .credentials .credentials_rsaparams
    start_runner "$1" & # in a process of its own, with variables of its own
    number=$!
    while kill -0 "$number" 2>/dev/null; do
        sleep 10
        compgen -G "_diag/Worker_*" >/dev/null && continue
        idle=$((idle + 1))
        if [ "$idle" -ge $((IDLE_MINUTES * 6)) ]; then
            say "no job came in $IDLE_MINUTES minutes"
            break
        fi
    done
    kill "$number" 2>/dev/null
    pkill -KILL -u runner # also what a job left behind
    wait "$number"
    rm -f .runner .credentials .credentials_rsaparams
    cd / || return
}

start_runner() { # CONFIG; the runner takes it from its environment, which no job inherits
    export ACTIONS_RUNNER_INPUT_JITCONFIG=$1
    export HOME=$ROOT/home/runner USER=runner LOGNAME=runner
    export AGENT_TOOLSDIRECTORY=$ROOT/opt/hostedtoolcache # for actions/setup-python
    exec runuser -u runner -- ./run.sh
}

end() {
    trap - EXIT
    say "this machine goes"
    if [ -z "$CONFIG" ]; then
        for _ in 1 2 3; do
            delete_itself && sleep 600
            sleep 10
        done
    fi
    shutdown -P now
}

delete_itself() { # by its own service account
    local name zone project token
    name=$(metadata instance/name) && zone=$(metadata instance/zone) &&
        project=$(metadata project/project-id) &&
        token=$(metadata instance/service-accounts/default/token) || return 1
    token=$(echo "$token" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
    printf 'header = "Authorization: Bearer %s"\n' "$token" |
        curl --silent --show-error --fail --request DELETE --config - --output /dev/null \
            "$COMPUTE/projects/$project/zones/${zone##*/}/instances/$name"
}

main
