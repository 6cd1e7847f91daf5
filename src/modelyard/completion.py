"""Print the completion of `modelyard` for a shell: `eval "$(modelyard completion bash)"`."""

import argparse

from .__main__ import COMMANDS

BASH = """\
_modelyard() {{
    local words="{first}"
    [ "$COMP_CWORD" -eq 2 ] && [ "${{COMP_WORDS[1]}}" = cloud ] && words="{second}"
    [ "$COMP_CWORD" -gt 1 ] && [ "${{COMP_WORDS[1]}}" != cloud ] && words=""
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _modelyard modelyard
"""
SHELLS = {
    "bash": BASH,
    "zsh": "autoload -U +X bashcompinit && bashcompinit\n" + BASH,
    "fish": (
        "complete -c modelyard -n __fish_use_subcommand -a '{first}'\n"
        "complete -c modelyard -n '__fish_seen_subcommand_from cloud' -a '{second}'\n"
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Print the script."""
    parser = argparse.ArgumentParser(prog="modelyard completion", description=__doc__)
    parser.add_argument("shell", choices=SHELLS)
    options = parser.parse_args(arguments)
    first = " ".join(dict.fromkeys(name.split()[0] for name in COMMANDS))
    second = " ".join(name.split()[1] for name in COMMANDS if " " in name)
    print(SHELLS[options.shell].format(first=first, second=second), end="")
    return 0
