"""What clients demand of an answer and Kiro has no member for: kept here, between the decoder and the encoder.

A demand works in two places: words in the prompt (``prompt.instructed``), and stages that the events pass
(``demands.Demands.stages``). A request that demands nothing meets neither.
"""
