"""What will happen. Pure: the same input gives the same plan."""
