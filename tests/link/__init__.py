"""Link layers."""
