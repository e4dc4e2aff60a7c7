"""The pages of imports: choose a file, see what would happen, write it, mend what could not be read, answer the issuer."""
