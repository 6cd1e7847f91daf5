"""A runner of GitHub on a VM: checked, asked for place by place, up, and no secret left behind."""
