import pytest
from tests.scoring.conftest import Scoring
from tests.scoring.evaluations.evaluation_steps import Steps


@pytest.fixture
def steps(scoring: Scoring) -> Steps:
    return Steps(scoring)
