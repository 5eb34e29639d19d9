"""The pages on which a clinician reads what a pack does, statement by statement, and signs it or sends it back."""
