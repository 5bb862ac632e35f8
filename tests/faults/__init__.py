"""Every fault the upstream can have, in the four forms {Anthropic, OpenAI} × {streamed, whole}."""
