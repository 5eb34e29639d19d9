"""What holds for every possible patient of a pack, and where it does not, a patient who shows it."""
