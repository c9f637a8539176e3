"""Providers and regions compared by what their recipients said in comparable waves."""
