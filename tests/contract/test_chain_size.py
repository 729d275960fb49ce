"""The chain is the heart of the project: it stays so small that it is read in one go."""

import ast
from pathlib import Path

CHAIN = Path(__file__).parents[2] / "chassis" / "messaging"
MOST_LINES = 730


def lines_of_code(source: str) -> int:
    """Neither blank, nor a comment, nor documentation, which is a statement of words alone."""
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    words = {
        number
        for each in statements
        if isinstance(each.value, ast.Constant)
        for number in range(each.lineno, int(each.end_lineno or each.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), start=1)
    return sum(1 for number, line in lines if line.strip() and not line.strip().startswith("#") and number not in words)


def test_chain_is_small() -> None:
    """Whatever else needs the broker has a package of its own beside it."""
    assert sum(lines_of_code(path.read_text()) for path in CHAIN.rglob("*.py")) <= MOST_LINES
