"""提请: acts that take two persons. One asks, another answers; until then nothing changes."""
