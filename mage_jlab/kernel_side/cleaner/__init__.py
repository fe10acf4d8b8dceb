"""Mage's transformer actions on pandas frames: ``mage_ai.data_cleaner…``."""
