from tests.support import eventually
def test_a() -> None:
    assert eventually() == 1
