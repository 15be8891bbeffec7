"""Code generated from protos/mpi/v1 by protos/generate.py: not to be edited."""
