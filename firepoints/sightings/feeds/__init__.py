"""Feeds: FIRMS polled over the network, and the inbox watched for files."""
