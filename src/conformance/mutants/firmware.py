"""Vices of nvram files and TPMs."""
