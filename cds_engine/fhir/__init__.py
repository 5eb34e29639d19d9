"""The door to FHIR R4: records in by a pack's mapping, answers and packs out as resources; over plain dicts."""
