"""The ground floor of how work runs: clock, threads, tasks, jobs, a database that is away."""
