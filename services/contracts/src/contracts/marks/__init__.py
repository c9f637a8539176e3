"""Marks: setting, reviewing and ending the disclosure levels of contracts, fields and documents."""
