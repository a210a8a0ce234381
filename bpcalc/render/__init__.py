"""Renderers: one file an output; each turns a Report into text and computes nothing."""
