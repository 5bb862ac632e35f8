"""Web search: its values, how the model is offered it, and what becomes of its calls. Pure."""
