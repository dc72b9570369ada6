"""Who may speak to the bot and how it looks there; what the bot says never depends on this room."""
