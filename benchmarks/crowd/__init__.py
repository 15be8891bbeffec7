"""A crowd of made-up people in Latin script, any number of records in seconds: the population of the bulk benchmark.

The generators of ``training`` live their people's lives, year by year, and make some thousand records a second. Here whole
columns are drawn and spoilt at once, by rates that stand in one table: enough for speed and for a truth that is known.
"""
