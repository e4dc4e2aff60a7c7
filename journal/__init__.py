"""The record of acts and accesses, sealed in a chain, and the durable jobs that follow from acts."""
