"""A local Kiro: the real framing, events, token servers and refusals, and faults on demand.

It runs as a process of its own and knows nothing of the gateway beyond JSON text and the table of payload rules.
"""
