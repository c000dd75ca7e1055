"""Other libraries' trajectories: the runs, and how they were recorded."""
