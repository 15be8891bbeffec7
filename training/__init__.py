"""The lab: synthetic populations, estimation, evaluation. Uses the service's own standardise and linkage; never the other way round."""
