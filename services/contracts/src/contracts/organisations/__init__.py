"""Purchasers, providers and evaluators, known by their unified social credit code."""
