"""What things are: frozen data without disk or clock."""
