"""Pages of questions: two sites side by side, what speaks for and against, and the answers with what they cost."""
