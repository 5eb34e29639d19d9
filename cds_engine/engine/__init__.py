"""What a caller holds: load a pack, evaluate a patient."""
