"""What we remember: runs, steps, triggers, fires, leases."""
