"""The words below the models: states, causes, and who may see which point."""
