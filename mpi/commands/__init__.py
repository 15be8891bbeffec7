"""What the commands do. ``mpi/cli.py`` names them; each module here holds one of them, or what several share.

They speak to a running index through ``mpi.client``, as any other caller would; only ``serve`` is an index itself.
"""
