"""Links of pictures, for where a report is read outside its folder."""

import re

PICTURE = re.compile(r"(!\[[^\]]*\]\()(?!\w+://)([^)\s]+\))")


def absolute(markdown: str, prefix: str) -> str:
    """Return a text whose relative pictures are looked for at `prefix`, an address."""
    return PICTURE.sub(lambda found: f"{found[1]}{prefix}/{found[2]}", markdown)
