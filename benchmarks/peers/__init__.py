"""The peers: other record linkage libraries, each in an environment of its own, run by the path of its script."""
