"""`python -m tests.zoo` writes the page of the documentation anew."""

from tests.zoo.table import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
