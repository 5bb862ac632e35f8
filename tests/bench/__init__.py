"""The benchmark: the gateway beside a plain byte pass-through, each a process of its own. ``make bench`` runs it."""
