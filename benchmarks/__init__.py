"""Speed and accuracy, measured beside the peers and beside an empty gRPC server, in one run.

    python -m benchmarks.accuracy   FEBRL 3 and 4, ours against Splink and recordlinkage; then synthetic populations;
                                    with --sets every data set with truth, linked as a newcomer would (docs/accuracy.md)
    python -m benchmarks.service    calls per second and latency as a ratio to the floor, an echo server of the same messages
    python -m benchmarks.training   how long a model takes to estimate, and in how much memory, beside Splink's training
    python -m benchmarks.startup    how long an empty server takes until its health says SERVING
    python -m benchmarks.restart    how long a server with records takes, from the journal and from a snapshot

Every figure is one line of JSON on standard output; progress goes to standard error. Nothing leaves the loopback interface.
"""
