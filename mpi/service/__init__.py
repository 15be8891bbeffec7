"""gRPC: what comes over the wire, and what goes back.

server.py       port, limits, health, reflection, stopping; opening.py: the registry of a Config
calls.py        the one wrapper around every handler; replies.py: answers to writes, from a thread of their own
direct.py       unary calls taken from gRPC's core without its Python layer; the only user of gRPC's private parts
identity.py     IdentityService; changes.py: WatchChanges; feeds.py: StreamResolve
admin.py        AdminService; exports.py: whole tables
requests.py     messages → nouns; responses.py: nouns → messages; failures.py: exceptions → statuses
"""
