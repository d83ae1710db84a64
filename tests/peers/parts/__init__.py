"""The parts of the comparison with the peers."""
