"""The API of the account that asks."""
