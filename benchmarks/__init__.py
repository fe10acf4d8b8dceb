"""Measurements of mage-jlab, made to be repeated by a stranger."""
