"""The guiding catalogue of services that government may buy."""
