"""A guideline over a table of patients: columns in, answers in columns out, nothing lost."""
