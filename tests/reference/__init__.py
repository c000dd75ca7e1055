"""Other libraries' trajectories: the runs, how they were recorded, and optlib's twins of them."""
