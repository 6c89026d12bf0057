"""The lab: real libvirts of several releases, started on this machine without touching it, and taken away again.

It starts things and gives URIs to ``run``; of rules and verdicts it knows nothing.
"""
