"""Statistics of colours."""
