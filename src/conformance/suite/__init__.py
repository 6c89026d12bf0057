"""What imports pytest: collecting scenarios, running them, and the two doors."""
