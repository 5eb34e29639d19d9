"""Patients as sent, to typed facts that are known, withheld or absent."""
