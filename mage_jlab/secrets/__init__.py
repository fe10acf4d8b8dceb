"""Stores of secrets: what code asks for by name and nobody reads back."""
