"""Hand-worked answers: reading them, judging them, and naming the mistake behind a wrong one."""
