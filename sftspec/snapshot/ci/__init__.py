"""What a team's CI asks of a change: each spec of a project judged, and the whole told."""
