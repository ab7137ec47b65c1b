"""The OpenAI endpoint. Start at `app`, then `pipeline`: each numbered step is a module of its own."""
