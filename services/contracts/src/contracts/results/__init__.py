"""What the contract's results led to, as scoring tells it: determinations, consequences, rectifications, appeals."""
