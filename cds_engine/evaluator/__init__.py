"""The meaning: conditions, derived facts and doses for one patient, readable in one sitting."""
