"""Everything that can be known about a pack before a patient comes."""
