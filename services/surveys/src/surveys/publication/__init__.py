"""What everybody may see of a closed wave: gated figures, protected tables, keyphrases, the answers' ledger."""
