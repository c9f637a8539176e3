"""x"""
def eventually() -> int:
    return 1
