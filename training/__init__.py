"""The lab: synthetic populations, estimation, evaluation. Uses the service's standardise and linkage, never the reverse."""
