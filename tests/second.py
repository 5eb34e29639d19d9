"""A second engine of a test: the same for every patient."""


class SecondEngine:
    """Decides in `decide(supplied, asked)`, which a test writes; remembers nothing of a patient."""

    def about_one_patient(self):
        """Return the engine itself."""
        return self
