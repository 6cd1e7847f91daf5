"""What no project should be brought down by: kills, full disks, damage, nonsense."""
